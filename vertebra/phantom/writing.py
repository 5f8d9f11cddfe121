"""Phantoms as a folder laid out like VerSe, with previews and a manifest.

Masks keep what VerSe leaves out, since it is known here: vertebrae cut by the edge of the scan,
the sacrum (26) and the coccyx (27). The manifest says how much of each vertebra is in view.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from .. import __version__
from ..errors import VertebraError
from ..exchange import verse
from ..runtime.files import replacing_folder, write_text
from ..runtime.progress import Progress
from ..volume.writing import write_label_map, write_volume
from .preview import write_preview
from .random import child_seed
from .scan import Case, make_case
from .shapes.source import ShapeSource


def write_phantoms(
    folder: Path | str,
    count: int,
    seed: int = 0,
    *,
    region: str | None = None,
    spacing: float | Sequence[float] | None = None,
    device: torch.device | str = "cpu",
    shapes: ShapeSource | None = None,
    previews: bool = True,
    progress: Progress | None = None,
) -> Path:
    """Writes `count` cases into a new folder, whole or not at all; case k depends on seed and k."""
    if count < 1:
        raise VertebraError("The number of phantoms must be at least 1.")
    progress = progress or Progress()
    with replacing_folder(folder) as fresh:
        entries = []
        for number in range(count):
            name = f"sub-phantom{number + 1:04d}"
            progress.report(number / count, f"Making {name}")
            case_seed = child_seed(seed, f"case {number}")
            case = make_case(
                case_seed, region=region, spacing=spacing, device=device, shapes=shapes
            )
            progress.check()
            _write_case(case, fresh, name, previews)
            entries.append({"name": name, "seed": case_seed, **describe(case)})
        manifest = {"software": f"vertebra {__version__}", "seed": seed, "cases": entries}
        write_text(fresh / "manifest.json", json.dumps(manifest, indent=1) + "\n")
        progress.report(1.0, "Done")
    return Path(folder)


def _write_case(case: Case, folder: Path, name: str, previews: bool) -> None:
    raw, derived = folder / "rawdata" / name, folder / "derivatives" / name
    write_volume(case.volume, raw / f"{name}_ct.nii.gz")
    write_label_map(case.labels, derived / f"{name}_seg-vert_msk.nii.gz")
    verse.write(derived / f"{name}_seg-subreg_ctd.json", case.spine, case.volume.grid)
    if previews:
        write_preview(case, derived / f"{name}_seg-vert_snp.png")


def describe(case: Case) -> dict[str, Any]:
    """What is known about a case beyond its voxels, as JSON."""
    subject = case.subject
    return {
        "sex": subject.sex,
        "age": round(subject.age, 1),
        "anomalies": sorted(anomaly.value for anomaly in subject.anomalies),
        "spacing": [round(float(step), 4) for step in case.volume.grid.spacing],
        "orientation": case.volume.grid.codes,
        "scanner": asdict(case.scanner),
        "findings": asdict(subject.findings),
        "vertebrae": {
            vertebra.level.name: {
                "label": vertebra.instance,
                "centre": [round(value, 2) for value in vertebra.centroid],
                "in_view": round(vertebra.completeness or 0.0, 4),
                "flags": sorted(flag.name.lower() for flag in vertebra.flags),
            }
            for vertebra in case.spine
        },
    }
