"""What Slicer shall know of the levels: their SNOMED codes and colours, as it reads them.

`python -m vertebra.exchange.terminology` writes both files into Resources/ again.
"""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

from ..anatomy import CATEGORY_CODE, LEVELS, Level
from ..runtime import write_text

CONTEXT = "Segmentation category and type - Vertebra"
REGION_CONTEXT = "Anatomic codes - DICOM master list"
TERMINOLOGY_FILE = "Vertebra.term.json"
COLOUR_FILE = "Vertebra.csv"
_SCHEMA = (
    "https://raw.githubusercontent.com/qiicr/dcmqi/master/doc/schemas/segment-context-schema.json#"
)
_COLUMNS = (
    *("LabelValue", "Name", "Color_R", "Color_G", "Color_B", "Color_A"),
    *("Category_CodingScheme", "Category_CodeValue", "Category_CodeMeaning"),
    *("Type_CodingScheme", "Type_CodeValue", "Type_CodeMeaning"),
)


def entry(level: Level) -> str:
    """The terminology of a level as Slicer writes it into a segment's tag.

    >>> entry(LEVELS["L1"]).split("~")[2]
    'SCT^66794005^L1 vertebra'
    """
    category = f"SCT^{CATEGORY_CODE.value}^{CATEGORY_CODE.meaning}"
    kind = f"SCT^{level.code.value}^{level.code.meaning}"
    return f"{CONTEXT}~{category}~{kind}~^^~{REGION_CONTEXT}~^^~^^"


def terminology() -> str:
    """The terminology file: one type a level; T13, L6 and S2 are "Vertebra" with their own name."""
    types = [
        {
            "CodingSchemeDesignator": "SCT",
            "CodeValue": level.code.value,
            "CodeMeaning": level.title,
            "3dSlicerLabel": level.name,
            "recommendedDisplayRGBValue": list(level.colour),
        }
        for level in LEVELS.values()
    ]
    category = {
        "CodingSchemeDesignator": "SCT",
        "CodeValue": CATEGORY_CODE.value,
        "CodeMeaning": CATEGORY_CODE.meaning,
        "showAnatomy": False,
        "Type": types,
    }
    document = {
        "SegmentationCategoryTypeContextName": CONTEXT,
        "@schema": _SCHEMA,
        "SegmentationCodes": {"Category": [category]},
    }
    return json.dumps(document, indent=1) + "\n"


def colour_table() -> str:
    """The colour table: one line a level, numbered as in VerSe."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(_COLUMNS)
    category = ["SCT", CATEGORY_CODE.value, CATEGORY_CODE.meaning]
    for level in sorted(LEVELS.values(), key=lambda each: each.verse):
        kind = ["SCT", level.code.value, level.code.meaning]
        table.writerow([level.verse, level.name, *level.colour, 255, *category, *kind])
    return text.getvalue()


def write_resources(folder: Path | str) -> None:
    """Write both files into a folder."""
    write_text(Path(folder) / TERMINOLOGY_FILE, terminology())
    write_text(Path(folder) / COLOUR_FILE, colour_table())


if __name__ == "__main__":
    write_resources(Path(__file__).resolve().parents[2] / "Resources")
