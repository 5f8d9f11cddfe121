"""DICOM Segmentation objects (SEG), which belong to the CT's own DICOM series.

A segment's label is the level's name, its type the SNOMED code, its tracking id the instance.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from .. import __version__
from ..anatomy import CATEGORY_CODE, Level
from ..errors import BadFile, VertebraError
from ..runtime import replacing
from ..spine import Spine
from ..volume import LPS_FROM_RAS, Algorithm, Grid, LabelMap
from .dicom_reference import grid_of, read_headers, readable, require
from .masks import algorithm_of, levels_of, named, on_grid, structure_level
from .points import instance_id, instance_of, numbered

SERIES_NUMBER = 901


def write(
    path: Path | str, masks: LabelMap, reference: Path | str, spine: Spine | None = None
) -> Path:
    """Write the masks on the grid of the CT series in the folder `reference`."""
    hd = require("highdicom")
    levels = levels_of(masks, spine)
    if not levels:
        raise VertebraError("A DICOM SEG needs at least one vertebra; there is none in the mask.")
    headers = read_headers(reference)
    segments = {instance: number for number, instance in enumerate(sorted(levels), start=1)}
    placed = on_grid(masks.renumbered(segments), grid_of(headers))
    seg = hd.seg.Segmentation(
        source_images=headers,
        pixel_array=np.ascontiguousarray(placed.voxels.T),
        segmentation_type=hd.seg.SegmentationTypeValues.BINARY,
        segment_descriptions=[
            _description(hd, number, instance, levels[instance], masks, spine)
            for instance, number in segments.items()
        ],
        series_instance_uid=hd.UID(),
        series_number=SERIES_NUMBER,
        sop_instance_uid=hd.UID(),
        instance_number=1,
        manufacturer="Vertebra",
        manufacturer_model_name="Vertebra",
        software_versions=__version__,
        device_serial_number="1",
        content_label="VERTEBRAE",
        content_description="Vertebrae by level",
        series_description="Vertebrae",
    )
    with replacing(path) as temporary:
        seg.save_as(temporary)
    return Path(path)


def read(path: Path | str) -> LabelMap:
    """The vertebrae of a SEG, on a grid that spans its slices; other segments are left out."""
    hd = require("highdicom")
    with readable(path, "DICOM SEG"):
        seg = hd.seg.segread(path)
        found = [
            (description, level)
            for description in map(seg.get_segment_description, seg.segment_numbers)
            if (level := _level(description))
        ]
        if not found:
            raise BadFile(f"'{path}' has no segment of a vertebra; choose another SEG.")
        drawn = [_algorithm(description) for description, _ in found]
        volume = seg.get_volume(
            segment_numbers=[int(description.segment_number) for description, _ in found],
            combine_segments=True,
            skip_overlap_checks=True,
            dtype=np.uint16,
        )
    levels = [level for _, level in found]
    ids = [instance_of(str(description.tracking_id)) for description, _ in found]
    instances = numbered(levels, ids)
    numbers = {
        int(description.segment_number): instance
        for (description, _), instance in zip(found, instances)
    }
    grid = Grid(volume.spatial_shape, LPS_FROM_RAS @ volume.affine).permuted(
        (2, 1, 0), (False,) * 3
    )
    masks = LabelMap(np.asarray(volume.array).T, grid, source=str(path)).renumbered(numbers)
    algorithms = {number: each for number, each in zip(instances, drawn) if each is not None}
    return replace(masks, names=named(dict(zip(instances, levels))), algorithms=algorithms)


def _description(
    hd: Any, number: int, instance: int, level: Level, masks: LabelMap, spine: Spine | None
) -> Any:
    algorithm, identification = algorithm_of(instance, masks, spine), None
    if algorithm is not None:
        family = hd.sr.CodedConcept("123109", "DCM", "Artificial Intelligence")
        identification = hd.AlgorithmIdentificationSequence(algorithm.name, family, __version__)
    description = hd.seg.SegmentDescription(
        segment_number=number,
        segment_label=level.name,
        segmented_property_category=hd.sr.CodedConcept(
            CATEGORY_CODE.value, "SCT", CATEGORY_CODE.meaning
        ),
        segmented_property_type=hd.sr.CodedConcept(level.code.value, "SCT", level.code.meaning),
        algorithm_type="MANUAL" if algorithm is None else algorithm.kind,
        algorithm_identification=identification,
        tracking_uid=hd.UID(),
        tracking_id=instance_id(instance),
        display_color=hd.color.CIELabColor.from_rgb(*level.colour),
    )
    if algorithm is not None and spine is None:  # it need not be ours, nor of this version
        del description.SegmentationAlgorithmIdentificationSequence
    return description


def _algorithm(description: Any) -> Algorithm | None:
    kind = str(description.algorithm_type.value)
    name = str(description.get("SegmentAlgorithmName", ""))
    return Algorithm(kind, name) if kind != "MANUAL" and name else None


def _level(description: Any) -> Level | None:
    code = description.segmented_property_type
    snomed = code.value if code.scheme_designator in ("SCT", "SRT") else ""
    return structure_level(str(description.segment_label), snomed)
