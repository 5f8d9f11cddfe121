"""Random grids for property tests: oblique, flipped, anisotropic, tiny and long ones."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from vertebra.volume import Grid


@st.composite
def grids(draw: st.DrawFn, largest: int = 12) -> Grid:
    """Any grid a scanner could make, and some that it could not."""
    shape = tuple(draw(st.integers(1, largest)) for _ in range(3))
    spacing = [draw(st.floats(0.2, 6.0)) for _ in range(3)]
    origin = [draw(st.floats(-1000, 1000)) for _ in range(3)]
    angles = [draw(st.floats(-180, 180)) for _ in range(3)]
    axes = Rotation.from_euler("xyz", angles, degrees=True).as_matrix()
    axes = axes[:, list(draw(st.permutations(range(3))))]
    flips = [draw(st.sampled_from((-1.0, 1.0))) for _ in range(3)]
    return Grid.of(shape, spacing, origin, axes * np.array(flips))
