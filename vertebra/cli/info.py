"""`vertebra info`: what a file holds, or what this installation has."""

from __future__ import annotations

import platform
from pathlib import Path
from typing import Any

import numpy as np
import typer
from rich.table import Table

from .. import __version__
from ..errors import BadFile
from ..spine import Spine
from ..volume import LabelMap, Volume
from .console import out, print_json, print_spine, progress_bar


def info(
    file: Path | None = typer.Argument(
        None, help="A CT, a mask, or points; nothing: Vertebra itself."
    ),
    series: str | None = typer.Option(None, help="The UID of one DICOM series in the folder."),
    image: Path | None = typer.Option(None, "--image", help="The CT the points belong to (VerSe)."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON instead of tables."),
) -> None:
    """Tell what a file holds and whether Vertebra can work with it."""
    if file is None:
        _installation(as_json)
        return
    if _is_result(file):
        from ..exchange import read

        held = read(file, image=image)
        if isinstance(held, Spine):
            _spine(held, file, as_json)
        else:
            _mask(held, as_json)
        return
    _image(file, series, as_json)


def _is_result(file: Path) -> bool:
    """Points or a segmentation by its ending, or a DICOM object that holds no slices of a scan."""
    name = file.name.lower()
    if name.endswith((".json", ".csv", ".fcsv", ".seg.nrrd")):
        return True
    if not name.endswith(".dcm"):
        return False
    from ..exchange import recognized

    try:
        recognized(file)
    except BadFile:
        return False
    return True


def _looks_like_a_mask(volume: Volume) -> bool:
    """A few whole numbers from 0 upwards; a CT has negative ones, a picture many."""
    voxels = volume.voxels
    if not np.issubdtype(voxels.dtype, np.integer) or voxels.min() != 0 or not voxels.any():
        return False
    return len(np.unique(voxels)) <= 60


def _image(file: Path, series: str | None, as_json: bool) -> None:
    from ..volume import read_volume
    from ..volume.body_ct import verdict

    with progress_bar("Reading", quiet=as_json) as progress:
        volume = read_volume(file, series=series, progress=progress)
        if _looks_like_a_mask(volume):
            _mask(LabelMap(volume.voxels, volume.grid), as_json)  # type: ignore[arg-type]
            return
        judged = verdict(volume)
    facts = {
        **_geometry(volume),
        "values": f"{volume.voxels.min():.0f} to {volume.voxels.max():.0f} HU",
        "notes": list(volume.notes),
        "body_ct": judged.is_body_ct,
        "reasons": list(judged.reasons),
        "warnings": list(judged.warnings),
    }
    if as_json:
        print_json(facts)
        return
    _print_facts(facts, ("shape", "spacing_mm", "extent_mm", "orientation", "values"))
    if judged.is_body_ct:
        out.print("This is a CT of a body.", style="green")
    else:
        out.print("No CT of a body:", style="red")
    for sentence in (*judged.reasons, *judged.warnings, *volume.notes):
        out.print(f"  {sentence}")


def _mask(mask: LabelMap, as_json: bool) -> None:
    numbers, counts = np.unique(mask.voxels, return_counts=True)
    litres = mask.grid.voxel_volume / 1000
    labels = [
        {"number": int(n), "name": mask.names.get(int(n), ""), "volume_ml": round(c * litres, 2)}
        for n, c in zip(numbers, counts)
        if n
    ]
    facts = {**_geometry(mask), "labels": labels}
    if as_json:
        print_json(facts)
        return
    _print_facts(facts, ("shape", "spacing_mm", "extent_mm", "orientation"))
    out.print("These are the numbers of a mask, not Hounsfield units.")
    table = Table("Number", "Name", "Volume ml")
    for label in labels:
        table.add_row(*(str(value) for value in label.values()))
    out.print(table)


def _spine(spine: Spine, file: Path, as_json: bool) -> None:
    if as_json:
        problems = [problem.sentence for problem in spine.problems()]
        levels = [level.name for level in spine.levels]
        anomalies = sorted(anomaly.value for anomaly in spine.anomalies)
        print_json({"levels": levels, "anomalies": anomalies, "problems": problems})
    else:
        print_spine(spine, file.name)


def _geometry(image: Volume | LabelMap) -> dict[str, Any]:
    grid = image.grid
    return {
        "shape": list(grid.shape),
        "spacing_mm": [round(float(step), 4) for step in grid.spacing],
        "extent_mm": [round(float(n * step), 1) for n, step in zip(grid.shape, grid.spacing)],
        "orientation": grid.codes,
        "affine_ras": np.round(grid.affine, 6).tolist(),
    }


def _print_facts(facts: dict[str, Any], names: tuple[str, ...]) -> None:
    table = Table(show_header=False, box=None)
    for name in names:
        value = facts[name]
        text = " x ".join(f"{n:g}" for n in value) if isinstance(value, list) else str(value)
        table.add_row(name.replace("_", " "), text)
    out.print(table)


def _installation(as_json: bool) -> None:
    import torch

    from ..exchange import formats
    from ..runtime.devices import devices
    from ..runtime.models import models

    facts = {
        "version": __version__,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "devices": list(devices()),
        "models": [model.card.name for model in models()],
        "formats": [each.name for each in formats()],
    }
    if as_json:
        print_json(facts)
        return
    table = Table(show_header=False, box=None)
    for name, value in facts.items():
        shown = ", ".join(value) or "none" if isinstance(value, list) else str(value)
        table.add_row(name, shown)
    out.print(table)
