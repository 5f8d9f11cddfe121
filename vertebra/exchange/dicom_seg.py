"""DICOM Segmentation objects (SEG), which belong to the CT's own DICOM series.

A segment's label is the level's name, its type the SNOMED code, its tracking id the instance.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from .. import __version__
from ..anatomy import CATEGORY_CODE, Level
from ..errors import BadFile, VertebraError
from ..runtime import replacing
from ..spine import Flag, Spine
from ..volume import LPS_FROM_RAS, Grid, LabelMap
from .dicom_reference import grid_of, read_headers, readable, require
from .masks import levels_of, named, on_grid, structure_level
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
            _description(hd, number, instance, levels[instance], spine)
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
    return LabelMap(masks.voxels, grid, named(dict(zip(instances, levels))), str(path))


def _description(hd: Any, number: int, instance: int, level: Level, spine: Spine | None) -> Any:
    method = spine.provenance.method if spine is not None else ""
    kinds = hd.seg.SegmentAlgorithmTypeValues
    kind, algorithm = kinds.MANUAL, None
    if method and spine is not None:
        corrected = Flag.CORRECTED in spine.find(instance).flags
        kind = kinds.SEMIAUTOMATIC if corrected else kinds.AUTOMATIC
        family = hd.sr.CodedConcept("123109", "DCM", "Artificial Intelligence")
        algorithm = hd.AlgorithmIdentificationSequence(f"Vertebra {method}", family, __version__)
    return hd.seg.SegmentDescription(
        segment_number=number,
        segment_label=level.name,
        segmented_property_category=hd.sr.CodedConcept(
            CATEGORY_CODE.value, "SCT", CATEGORY_CODE.meaning
        ),
        segmented_property_type=hd.sr.CodedConcept(level.code.value, "SCT", level.code.meaning),
        algorithm_type=kind,
        algorithm_identification=algorithm,
        tracking_uid=hd.UID(),
        tracking_id=instance_id(instance),
        display_color=hd.color.CIELabColor.from_rgb(*level.colour),
    )


def _level(description: Any) -> Level | None:
    code = description.segmented_property_type
    snomed = code.value if code.scheme_designator in ("SCT", "SRT") else ""
    return structure_level(str(description.segment_label), snomed)
