"""What CMake lists is what the tree holds: a file that is not listed would silently not ship."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SPEC = importlib.util.spec_from_file_location("update_lists", ROOT / "CMake" / "update_lists.py")
lists = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(lists)


@pytest.mark.parametrize("kind", ["SCRIPTS", "RESOURCES"])
@pytest.mark.parametrize("file", lists.LISTS)
def test_the_list_names_exactly_the_files_of_the_tree(file: str, kind: str) -> None:
    prefix, folders, base = lists.LISTS[file]
    scripts, resources = lists.shipped(folders, base)
    present = scripts if kind == "SCRIPTS" else resources
    listed = lists.listed((ROOT / file).read_text(), f"{prefix}_PYTHON_{kind}")
    assert len(listed) == len(set(listed))
    missing, surplus = set(present) - set(listed), set(listed) - set(present)
    assert not missing, f"not listed, run CMake/update_lists.py: {sorted(missing)}"
    assert not surplus, f"listed but not there, run CMake/update_lists.py: {sorted(surplus)}"


def test_every_module_of_the_extension_is_added_and_has_its_icon_and_window() -> None:
    added = re.findall(r"add_subdirectory\((\w+)\)", (ROOT / "CMakeLists.txt").read_text())
    assert added == ["SpineLabel", "SpineSegment"]
    for module in added:
        scripts = lists.listed(
            (ROOT / module / "CMakeLists.txt").read_text(), "MODULE_PYTHON_SCRIPTS"
        )
        resources = lists.listed(
            (ROOT / module / "CMakeLists.txt").read_text(), "MODULE_PYTHON_RESOURCES"
        )
        assert f"{module}.py" in scripts
        assert f"Resources/Icons/{module}.png" in resources
        assert f"Resources/UI/{module}.ui" in resources


def test_the_extension_tells_the_extensions_manager_all_it_asks_for() -> None:
    text = (ROOT / "CMakeLists.txt").read_text()
    for field in ("HOMEPAGE", "CONTRIBUTORS", "DESCRIPTION", "ICONURL", "SCREENSHOTURLS"):
        value = re.search(rf'set\(EXTENSION_{field} "([^"]+)"\)', text)
        assert value, field
        assert not re.search(r"NA|TODO|<|example", value[1]), field
    assert re.search(r"project\(Vertebra\)", text)
    assert 'set(EXTENSION_DEPENDS "PyTorch")' in text
