"""The house of CONTRIBUTING.md, held against the imports of every file of the engine."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ENGINE = Path(__file__).resolve().parents[2] / "vertebra"

LAYERS = [
    *("__main__", "cli", "worker", "pipeline", "evaluation", "methods", "training", "phantom"),
    *("runtime", "chain", "exchange", "spine", "volume", "spacing", "anatomy"),
    *("runtime.files", "runtime.progress", "errors", "__version__"),
]
"""From the top to the bottom; what stands higher may import what stands lower."""

HANDED_ON = {"Progress": "runtime.progress"} | dict.fromkeys(
    ("replacing", "replacing_folder", "write_bytes", "write_text"), "runtime.files"
)
"""What `vertebra.runtime` hands on from its files that serve every layer."""

REQUIRED = {"numpy", "scipy", "SimpleITK", "torch", "safetensors"}


def imports(file: Path, node: ast.AST) -> Iterator[str]:
    """The absolute dotted names that one import statement of a file brings in."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        package = ["vertebra", *file.relative_to(ENGINE).parts[:-1]]
        above = package[: len(package) - node.level + 1] if node.level else []
        module = ".".join([*above, *([node.module] if node.module else [])])
        yield from (f"{module}.{alias.name}" for alias in node.names)


def layer_of(name: str) -> str:
    """The layer of a dotted name below `vertebra`."""
    parts = name.split(".")[1:]
    if parts[0] == "runtime" and len(parts) > 1:
        serving = HANDED_ON.get(parts[1], f"runtime.{parts[1]}")
        return serving if serving in LAYERS else "runtime"
    return parts[0]


def method_of(name: str) -> str:
    """The published system that a dotted name belongs to, or nothing."""
    parts = [*name.split("."), "", ""]
    return parts[2] if parts[1] == "methods" and parts[2] != "common" else ""


def files() -> Iterator[tuple[Path, str, ast.Module]]:
    for file in sorted(ENGINE.rglob("*.py")):
        if file != ENGINE / "__init__.py":
            name = ".".join(["vertebra", *file.relative_to(ENGINE).with_suffix("").parts])
            yield file, name.removesuffix(".__init__"), ast.parse(file.read_text("utf-8"))


def test_imports_run_downwards_only():
    for file, name, tree in files():
        above = LAYERS.index(layer_of(name))
        for node in ast.walk(tree):
            for imported in imports(file, node):
                if imported.startswith("vertebra."):
                    assert LAYERS.index(layer_of(imported)) >= above, f"{name} imports {imported}"


def test_a_method_never_imports_another():
    for file, name, tree in files():
        for node in ast.walk(tree):
            for imported in imports(file, node):
                if layer_of(name) == "methods" and method_of(imported):
                    assert method_of(imported) == method_of(name), f"{name} imports {imported}"


def test_only_the_required_libraries_are_imported_at_the_top_of_a_file():
    known = REQUIRED | {"vertebra", "__future__"} | sys.stdlib_module_names
    for file, name, tree in files():
        for node in tree.body:
            for imported in imports(file, node):
                allowed = known | ({"typer", "rich"} if layer_of(name) == "cli" else set())
                assert imported.split(".")[0] in allowed, f"{name} imports {imported}"


def test_files_and_spines_work_without_torch():
    for file, name, tree in files():
        if layer_of(name) in ("volume", "spine", "exchange", "chain", "evaluation", "anatomy"):
            for node in ast.walk(tree):
                assert not any(each.startswith("torch") for each in imports(file, node)), name
