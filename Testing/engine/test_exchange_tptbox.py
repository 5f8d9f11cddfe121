"""TPTBox itself reads our points of interest, and we read its."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from vertebra.exchange import tptbox, verse
from vertebra.spine import Spine
from vertebra.volume import Grid

TPTBox = pytest.importorskip("TPTBox", reason="needs the package TPTBox", exc_type=ImportError)

OBLIQUE = Rotation.from_euler("xyz", [10, -15, 25], degrees=True).as_matrix()
GRID = Grid.of((90, 80, 70), (1.5, 0.8, 2), (-60, 20, -10), (OBLIQUE * (-1, 1, -1))[:, [1, 2, 0]])
SPINE = Spine.of({"T12": (1, 2, 3), "T13": (-4, 5, -20), "L6": (0, 6, -50), "S1": (1, 1, -90)})


def test_tptbox_puts_our_points_where_we_put_them(tmp_path):
    tptbox.write(tmp_path / "a_poi.json", SPINE, GRID)
    points = TPTBox.POI.load(tmp_path / "a_poi.json")
    assert "".join(points.orientation) == GRID.codes
    world = points.to_global(itk_coords=False)
    for vertebra in SPINE:
        assert np.allclose(world[vertebra.level.verse, 50], vertebra.centroid, atol=1e-3)


@pytest.mark.parametrize("globally", [False, True])
def test_we_put_the_points_of_tptbox_where_it_puts_them(tmp_path, globally):
    points = TPTBox.POI(
        {(19, 50): (10, 20, 30), (20, 50): (12.5, 21, 40), (20, 61): (1, 1, 1)},
        orientation=tuple(GRID.codes),
        zoom=tuple(GRID.spacing),
        shape=GRID.shape,
        rotation=GRID.directions,
        origin=tuple(GRID.origin),
    )
    world = points.to_global(itk_coords=globally)
    (world if globally else points).save(tmp_path / "a_poi.json", verbose=False)
    spine = tptbox.read(tmp_path / "a_poi.json")
    assert [str(level) for level in spine.levels] == ["T12", "L1"]
    expected = GRID.to_world([(10, 20, 30), (12.5, 21, 40)])
    assert np.allclose(spine.centroids, expected, atol=1e-2)  # TPTBox rounds what it saves


def test_tptbox_reads_our_verse_centroids(tmp_path):
    grid = Grid.of((200, 200, 200), origin=(-100, -100, -100))
    verse.write(tmp_path / "a_seg-subreg_ctd.json", SPINE, grid)
    points = TPTBox.POI.load(tmp_path / "a_seg-subreg_ctd.json")
    assert np.allclose(points[28, 50], grid.to_index(SPINE.centroids[1]), atol=1e-3)
    assert 26 not in points.keys_region()
