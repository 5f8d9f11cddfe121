"""The folder that `label` and `segment` write the results of a scan to."""

from __future__ import annotations

from pathlib import Path

from ..errors import VertebraError
from ..spine import Spine
from ..volume import LabelMap, Volume


def picture(
    volume: Volume, spine: Spine, target: Path, labels: LabelMap | None = None
) -> list[str]:
    """Draw the picture of a result, after all else; what keeps it from being drawn is a note."""
    from ..methods.common.picture import draw_spine

    try:
        draw_spine(volume, spine, target, labels)
    except VertebraError as error:
        target.unlink(missing_ok=True)  # that of an earlier result would show other vertebrae
        return [f"The picture is left out: {error}"]
    return []
