"""CTs that look wrong at first, but are read; where something was corrected, a note says so."""

from __future__ import annotations

from pathlib import Path

from bad_dicom import SCOUT, STEP, each, one, series
from bad_files import ct, patched
from bad_inputs import Corrected
from dicom_files import body, write_enhanced, write_series


def twice(folder: Path) -> Path:
    write_series(folder / "scan" / "a", body(32, 24), series="1.2.3")
    write_series(folder / "scan" / "copy", body(32, 24), series="1.2.3")
    return folder / "scan"


def with_localizer(folder: Path) -> Path:
    write_series(folder / "study" / "scout", body(32, 2), series="1.2.2", ImageType=SCOUT)
    write_series(folder / "study" / "scan", body(32, 24), series="1.2.3")
    return folder / "study"


def beside_itself(folder: Path) -> Path:
    scan = series()(folder)
    (scan / "again").symlink_to(scan, target_is_directory=True)
    return scan


ODD = [
    Corrected("a name with spaces and umlauts", lambda f: ct(f, "Wirbelsäule 脊柱 ü.nii.gz")),
    Corrected("a DICOM series in an order without sense", series()),
    Corrected("a DICOM folder that links to itself", beside_itself),
    Corrected("a folder with a localizer and a CT", with_localizer),
    Corrected("a localizer inside the series", one(0, ImageType=SCOUT), "Localizer images"),
    Corrected("every slice twice", twice, "there twice and were dropped: 24"),
    Corrected("a tilted gantry", series(step=(0.0, 0.5, 2.45)), "tilted by 11.5 degrees"),
    Corrected(
        "one slice 0.6 mm off",
        one(9, ImagePositionPatient=[-10, -20, 30 + 9 * STEP + 0.6]),
        "unevenly spaced",
    ),
    Corrected("MONOCHROME1", each(PhotometricInterpretation="MONOCHROME1"), "MONOCHROME1"),
    Corrected("no rescale intercept", each(RescaleIntercept=None), "states no rescale"),
    Corrected("values beyond 16 bits", each(RescaleSlope=100), "beyond 32767 HU"),
    Corrected("an enhanced multi-frame CT", lambda f: write_enhanced(f / "ct.dcm", body(32, 24))),
    Corrected("NIfTI without an orientation", patched((252, "2h", 0, 0)), "states no orientation"),
    Corrected("NIfTI in metres", patched((123, "B", 1)), "multiplied by 1000"),
]
