"""The stand-in is as strict as PythonQt, so that code that passes here does not fail in Slicer."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import pytest
from slicer import vtkMRMLScalarVolumeNode
from slicer.parameterNodeWrapper import Choice, parameterNodeWrapper


@pytest.fixture
def button(slicer: Any) -> Any:
    import qt

    return qt.QPushButton("Label")


def test_properties_are_attributes(button: Any) -> None:
    assert button.text == "Label"
    button.enabled = False
    assert not button.enabled


def test_a_property_called_like_a_function_fails(button: Any) -> None:
    with pytest.raises(TypeError):
        button.text()


def test_a_misspelt_attribute_is_refused(button: Any) -> None:
    with pytest.raises(AttributeError, match="'txt' does not exist on QPushButton"):
        button.txt = "x"


def test_a_method_cannot_be_overwritten(button: Any) -> None:
    with pytest.raises(AttributeError, match="'click' is a method"):
        button.click = None


@pytest.mark.parametrize("signature", ["clickd(bool)", "clicked(int)", "toggled()"])
def test_a_signal_with_another_signature_is_refused(button: Any, signature: str) -> None:
    with pytest.raises(RuntimeError, match="has no signal"):
        button.connect(signature, print)


def test_a_disconnected_slot_is_not_called(button: Any) -> None:
    heard = []
    button.connect("clicked(bool)", heard.append)
    button.click()
    assert button.disconnect("clicked(bool)", heard.append)
    button.click()
    assert heard == [False]


def test_a_ui_file_that_connects_a_missing_widget_fails(slicer: Any, tmp_path: Path) -> None:
    file = tmp_path / "broken.ui"
    file.write_text(
        '<ui version="4.0"><class>A</class><widget class="QWidget" name="A"/><connections>'
        "<connection><sender>A</sender><signal>destroyed()</signal><receiver>gone</receiver>"
        "<slot>close()</slot></connection></connections></ui>"
    )
    with pytest.raises(RuntimeError, match="missing widget 'gone'"):
        slicer.util.loadUI(str(file))


def test_the_segment_editor_wants_its_node_first_and_knows_its_own_attributes(slicer: Any) -> None:
    editor = slicer.qMRMLSegmentEditorWidget()
    editor.setMRMLScene(slicer.mrmlScene)
    masks = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    with pytest.raises(RuntimeError, match="needs its vtkMRMLSegmentEditorNode first"):
        editor.setSegmentationNode(masks)
    with pytest.raises(ValueError, match="no vtkMRMLSegmentEditorNode"):
        editor.setMRMLSegmentEditorNode(masks)
    editor.setMRMLSegmentEditorNode(slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentEditorNode"))
    editor.setSegmentationNode(masks)
    with pytest.raises(RuntimeError, match="no segment 'L1'"):
        editor.setCurrentSegmentID("L1")
    with pytest.raises(AttributeError, match="'sourceVolume' does not exist"):
        editor.sourceVolume = None
    with pytest.raises(AttributeError, match="'currentSegmentID' is a method"):
        editor.currentSegmentID = "L1"


@parameterNodeWrapper
class Parameters:
    scan: vtkMRMLScalarVolumeNode
    shown: bool = True
    device: Annotated[str, Choice(["auto", "cpu"])] = "auto"


def test_parameters_keep_their_types_and_choices(slicer: Any) -> None:
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScriptedModuleNode")
    parameters = Parameters(node)
    assert (parameters.scan, parameters.shown, parameters.device) == (None, True, "auto")
    parameters.shown = False
    assert Parameters(node).shown is False
    with pytest.raises(TypeError):
        parameters.shown = "no"
    with pytest.raises(ValueError, match="may be one of"):
        parameters.device = "gpu"
    with pytest.raises(AttributeError, match="no parameter 'devise'"):
        parameters.devise = "cpu"


def test_a_module_cannot_describe_itself_with_unknown_fields() -> None:
    from standin.modules import ModuleDescription

    description = ModuleDescription(Path("X.py"))
    description.title = "X"
    with pytest.raises(AttributeError):
        description.titel = "X"


def test_no_module_computes_or_imports_the_engine_when_slicer_starts(slicer: Any) -> None:
    root = Path(__file__).resolve().parents[2]
    for module in ("SpineLabel", "SpineSegment"):
        lines = (root / module / f"{module}.py").read_text().splitlines()
        imports = [line.split()[1] for line in lines if line.startswith(("import ", "from "))]
        allowed = {"__future__", "pathlib", "slicer", "slicer.i18n"}
        ours = {"SpineLabelLib.ModuleWidget"}
        assert set(imports) <= allowed | ours | {"slicer.ScriptedLoadableModule"}
    shell = (root / "SpineLabel" / "SpineLabelLib" / "ModuleWidget.py").read_text()
    assert "vertebra" not in shell


def test_every_class_of_the_modules_is_short() -> None:
    root = Path(__file__).resolve().parents[2]
    for folder in ("SpineLabel", "SpineSegment", "Testing/host"):
        for file in (root / folder).rglob("*.py"):
            assert len(file.read_text().splitlines()) < 350, file


def test_everything_that_can_be_clicked_or_chosen_says_what_it_does(window: Any) -> None:
    kinds = ("QPushButton", "QComboBox", "QCheckBox", "QTableWidget", "qMRMLNodeComboBox")
    for module in ("SpineLabel", "SpineSegment"):
        widgets = vars(window.select_module(module).ui)
        asked = {n: each for n, each in widgets.items() if type(each).__name__ in kinds}
        assert len(asked) > 20
        assert [name for name, each in asked.items() if not each.toolTip] == []


def test_the_self_tests_that_run_inside_slicer_pass(window: Any, slicer: Any) -> None:
    import sys

    for module in ("SpineLabel", "SpineSegment"):
        getattr(sys.modules[module], f"{module}Test")().runTest()
