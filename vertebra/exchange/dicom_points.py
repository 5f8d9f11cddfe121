"""Body centres as a DICOM structured report (TID 1500): one 3D point a vertebra.

This is the form that Slicer 5.12 loads without an extension (docs/decisions/0003-dicom-points.md).
A vertebra's confidence is kept; its instance, completeness and flags have no place there.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ..anatomy import Level
from ..errors import BadFile, VertebraError
from ..runtime import replacing
from ..spine import Spine, Vertebra
from .dicom_reference import read_headers, readable, require
from .masks import structure_level
from .parsing import named_level, point_of
from .points import UNNUMBERED, spine_from

SERIES_NUMBER = 902
_BODY = ("70003006", "SCT", "Vertebral body")
_CENTRE = ("111010", "DCM", "Center")
_CERTAINTY = ("111012", "DCM", "Certainty of finding")


def write(path: Path | str, spine: Spine, reference: Path | str) -> Path:
    """Write the body centres in the frame of reference of the CT series in `reference`."""
    hd, pydicom = require("highdicom"), require("pydicom")
    if not len(spine):
        raise VertebraError("A structured report needs at least one vertebra; there is none.")
    headers = read_headers(reference)
    frame = str(headers[0].FrameOfReferenceUID)
    code = pydicom.sr.codedict.codes
    observer = hd.sr.ObserverContext(
        observer_type=code.DCM.Device,
        observer_identifying_attributes=hd.sr.DeviceObserverIdentifyingAttributes(
            uid=hd.UID(), name="Vertebra", manufacturer_name="Vertebra"
        ),
    )
    report = hd.sr.MeasurementReport(
        observation_context=hd.sr.ObservationContext(observer_device_context=observer),
        procedure_reported=code.LN.CTUnspecifiedBodyRegion,
        imaging_measurements=[_group(hd, vertebra, frame) for vertebra in spine],
        title=code.DCM.ImagingMeasurementReport,
        referenced_images=headers,
    )
    document = hd.sr.Comprehensive3DSR(
        evidence=headers,
        content=report,
        series_instance_uid=hd.UID(),
        series_number=SERIES_NUMBER,
        sop_instance_uid=hd.UID(),
        instance_number=1,
        manufacturer="Vertebra",
        series_description="Vertebral body centres",
    )
    with replacing(path) as temporary:
        document.save_as(temporary)
    return Path(path)


def read(path: Path | str) -> Spine:
    """The spine of the 3D points of a report that are named after levels."""
    hd = require("highdicom")
    with readable(path, "report of points"):
        groups = hd.sr.srread(path).content.get_planar_roi_measurement_groups(
            graphic_type=hd.sr.GraphicTypeValues3D.POINT
        )
        vertebrae = [_vertebra(hd, group, path) for group in groups]
    if not vertebrae:
        raise BadFile(f"'{path}' holds no 3D points; choose another report.")
    return spine_from(vertebrae)


def _group(hd: Any, vertebra: Vertebra, frame: str) -> Any:
    """One point; Slicer shows the tracking identifier as its label."""
    x, y, z = vertebra.centroid
    level = vertebra.level
    concept = hd.sr.CodedConcept
    measurements = None
    if vertebra.confidence is not None:
        percent = concept("%", "UCUM", "percent")
        name = concept(*_CERTAINTY)
        measurements = [hd.sr.Measurement(name, 100 * vertebra.confidence, percent)]
    return hd.sr.PlanarROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=hd.sr.TrackingIdentifier(hd.UID(), level.name),
        referenced_region=hd.sr.ImageRegion3D("POINT", np.array([[-x, -y, z]]), frame),
        finding_type=concept(*_BODY),
        finding_sites=[hd.sr.FindingSite(concept(level.code.value, "SCT", level.code.meaning))],
        geometric_purpose=concept(*_CENTRE),
        measurements=measurements,
    )


def _vertebra(hd: Any, group: Any, path: Path | str) -> Vertebra:
    level = _level(group, path)
    x, y, z = point_of([float(value) for value in group.roi.value[0]], path, f"{level}")
    certainty = group.get_measurements(name=hd.sr.CodedConcept(*_CERTAINTY))
    confidence = float(certainty[0].value) / 100 if certainty else None
    return Vertebra(UNNUMBERED, level, (-x, -y, z), confidence)


def _level(group: Any, path: Path | str) -> Level:
    name = str(group.tracking_identifier)
    codes = [str(site.value.value) for site in group.finding_sites]
    return structure_level(name, codes[0] if codes else "") or named_level(name, path)
