"""The table of vertebrae: level, confidence, completeness, and what to look at."""

from __future__ import annotations

from slicer.i18n import tr as _

from vertebra.spine import Spine, Vertebra

from .VertebraRows import VertebraRows, levelText, percent, problemsByInstance, sure

WIDTHS = (64, 52, 58)


class VertebraTable(VertebraRows):
    """The rows of a spine that was labelled."""

    def __init__(self, table) -> None:
        columns = {
            _("Level"): "",
            _("Sure"): _("How probable it is that the level is right."),
            _("In view"): _("How probable it is that the vertebra lies completely in the scan."),
            _("Notes"): "",
        }
        super().__init__(table, columns, WIDTHS)

    def show(self, spine: Spine) -> None:
        """Fill the rows."""
        problems = problemsByInstance(spine.problems())
        self.fill(spine, (_row(each, problems.get(each.instance, [])) for each in spine))


def _row(vertebra: Vertebra, problems: list[str]) -> tuple[tuple[str, ...], bool]:
    notes = [*problems, *sorted(flag.sentence for flag in vertebra.flags)]
    certainty = sure(vertebra.confidence), percent(vertebra.completeness)
    return (levelText(vertebra), *certainty, " ".join(notes)), bool(problems)
