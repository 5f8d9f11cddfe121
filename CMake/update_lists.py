"""Writes the names of all files that ship into the CMake lists: `python CMake/update_lists.py`.

A file that is not listed silently does not ship, so a test compares the lists with the tree.
"""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LISTS = {
    "CMake/EngineFiles.cmake": (
        "ENGINE",
        [
            *("vertebra", "Resources/Models", "Resources/SampleData"),
            *("Resources/Vertebra.csv", "Resources/Vertebra.term.json"),
        ],
        ".",
    ),
    "SpineLabel/CMakeLists.txt": ("MODULE", ["."], "SpineLabel"),
    "SpineSegment/CMakeLists.txt": ("MODULE", ["."], "SpineSegment"),
}
"""Per list file: the prefix of its variables, the folders that ship, and their base."""

NO_RESOURCES = {".md", ".txt", ".pyc", ".py"}


def shipped(folders: list[str], base: str) -> tuple[list[str], list[str]]:
    """The Python scripts and the resources below some folders, relative to their base."""
    root = ROOT / base
    files = sorted(
        path
        for folder in folders
        for path in [root / folder, *(root / folder).rglob("*")]
        if path.is_file() and "__pycache__" not in path.parts
    )
    scripts = [path for path in files if path.suffix == ".py"]
    resources = [path for path in files if path.suffix not in NO_RESOURCES]
    return [p.relative_to(root).as_posix() for p in scripts], [
        p.relative_to(root).as_posix() for p in resources
    ]


def listed(text: str, variable: str) -> list[str]:
    """The names that `set(variable ...)` lists in a CMake file."""
    found = re.search(rf"set\({variable}\s([^)]*)\)", text)
    return found[1].split() if found else []


def with_list(text: str, variable: str, names: list[str]) -> str:
    """The CMake file's text with the list replaced."""
    lines = "".join(f"  {name}\n" for name in names)
    return re.sub(rf"set\({variable}\s[^)]*\)", f"set({variable}\n{lines})", text)


def main() -> None:
    """Rewrite every list from the tree."""
    for file, (prefix, folders, base) in LISTS.items():
        text = (ROOT / file).read_text(encoding="utf-8")
        scripts, resources = shipped(folders, base)
        text = with_list(text, f"{prefix}_PYTHON_SCRIPTS", scripts)
        text = with_list(text, f"{prefix}_PYTHON_RESOURCES", resources)
        (ROOT / file).write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
