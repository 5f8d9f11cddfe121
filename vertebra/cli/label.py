"""`vertebra label`: from a CT to named vertebrae, in every format that others read."""

from __future__ import annotations

import json
from pathlib import Path

import typer

from ..spine import Spine, to_json
from ..volume import Volume
from .console import errors, out, print_json, print_spine, print_warning, progress_bar


def label(
    ct: Path = typer.Argument(help="A CT: a DICOM folder, or a NIfTI, NRRD or MetaImage file."),
    output: Path | None = typer.Option(
        None, "-o", "--output", help="A folder for the points in several formats and a picture."
    ),
    series: str | None = typer.Option(None, help="The UID of one DICOM series in the folder."),
    model: str = typer.Option("multiview-compact", help="The model to use; see 'models list'."),
    device: str = typer.Option("auto", help="auto, cpu, cuda, cuda:1 or mps."),
    as_json: bool = typer.Option(False, "--json", help="Print the spine as JSON, not a table."),
) -> None:
    """Find every vertebra and say which one it is, how sure that is, and what to check."""
    from ..methods.multiview.inference import Localizer
    from ..methods.multiview.inference import label as label_volume
    from ..runtime.devices import device as find_device
    from ..runtime.devices import with_fallback
    from ..volume import read_volume

    find = find_device(device)
    with progress_bar("Labelling", quiet=as_json) as progress:
        volume = read_volume(ct, series=series, progress=progress.part(0, 0.3))
        spine = with_fallback(
            lambda on: label_volume(volume, Localizer.load(model, on), progress.part(0.3, 1)),
            find,
            lambda sentence: errors.print(sentence),
        )
    if output is not None:
        write_results(volume, spine, output, name=_stem(ct))
    if as_json:
        print_json(json.loads(to_json(spine)))
        return
    print_spine(spine, ct.name)
    if not len(spine):
        out.print("No vertebra was found; is the spine in view?")
    for vertebra in spine:
        for flag in sorted(vertebra.flags, key=lambda each: each.value):
            print_warning(f"{vertebra.level}: {flag.sentence}")


def write_results(volume: Volume, spine: Spine, folder: Path, name: str) -> None:
    """Write points, table, spine and picture; the folder may hold other scans' results."""
    from ..exchange import markups, table, verse
    from ..methods.common.picture import draw_spine
    from ..runtime import write_text

    draw_spine(volume, spine, folder / f"{name}.png")  # first, as it may lack its library
    markups.write(folder / f"{name}.mrk.json", spine)
    table.write(folder / f"{name}.csv", spine)
    verse.write(folder / f"{name}_seg-vert_ctd.json", spine, volume.grid)
    write_text(folder / f"{name}.spine.json", to_json(spine))


def _stem(path: Path) -> str:
    name = path.name
    for ending in (".nii.gz", ".nii", ".nrrd", ".nhdr", ".mha", ".mhd", ".dcm"):
        name = name.removesuffix(ending)
    return name
