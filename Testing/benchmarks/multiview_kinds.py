"""What makes a phantom easy or hard to label, of what its scan shows."""

from __future__ import annotations

from vertebra.phantom.scan import Case
from vertebra.spine import Spine

CURVED = 10.0
"""A Cobb angle (degrees) from which a curve counts as scoliosis."""
FEW = 7
"""So many vertebrae or fewer leave a network little to count by."""


def kinds_of(case: Case) -> tuple[str, ...]:
    """The difficulties of a phantom; "plain" if there is none."""
    shown = {vertebra.level.name for vertebra in case.spine}
    subject, findings = case.subject, case.subject.findings
    fusion, curve = findings.fusion, subject.scoliosis
    fused = fusion is not None and bool({fusion.upper, fusion.lower} & shown)
    found = {
        "fracture": any(level in shown for level, _ in findings.fractures),
        "metal": fused or (bool(findings.hip_implants) and "S1" in shown),
        "scoliosis": curve is not None and abs(curve.cobb) >= CURVED,
        "anomaly of the count": bool(case.spine.anomalies),
        "few vertebrae shown": len(case.spine) <= FEW,
    }
    kinds = tuple(kind for kind, present in found.items() if present)
    return kinds or ("plain",)


def shown_class(spine: Spine) -> str:
    """How many vertebrae above the sacrum a scan shows, in classes."""
    count = len(spine)
    for low, high in ((0, 3), (4, 7), (8, 12), (13, 19)):
        if low <= count <= high:
            return f"shows {low:02d} to {high:02d}"
    return "shows 20 or more"
