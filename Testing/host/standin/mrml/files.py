"""The stand-in for Slicer's input and output manager: makes slicer.util.load* and save* work."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import slicer

TYPES = {
    ".mrb": "SceneFile",
    ".mrml": "SceneFile",
    ".mrk.json": "MarkupsFile",
    ".seg.nrrd": "SegmentationFile",
    ".tsv": "TableFile",
    ".csv": "TableFile",
    ".nii.gz": "VolumeFile",
    ".nii": "VolumeFile",
    ".nrrd": "VolumeFile",
    ".mha": "VolumeFile",
    ".h5": "TransformFile",
    ".tfm": "TransformFile",
}


class FileManager:
    """Loads and saves nodes and scenes by their files' endings."""

    def fileType(self, file: str) -> str:
        """The kind of a file, by its ending."""
        return next((kind for end, kind in TYPES.items() if file.lower().endswith(end)), "NoFile")

    def fileWriterFileType(self, node: Any, file: str = "") -> str:
        """Every node is written by its own storage node."""
        return "NodeFile"

    def loadNodes(self, kind: str, wanted: Any, nodes: Any, messages: Any = None) -> bool:
        """Load a file; what came is added to the collection `nodes`."""
        file = str(wanted["fileName"])
        if not Path(file).exists():
            return False
        if kind == "SceneFile":
            return self._load_scene(file, wanted.get("clear", True))
        name = wanted.get("name") or Path(file).name.split(".")[0]
        loaded = [node for node in self._load(kind, file, name, wanted) if node]
        for node in loaded:
            nodes.AddItem(node)
        return bool(loaded)

    def _load_scene(self, file: str, clear: bool) -> bool:
        scene = slicer.mrmlScene
        if clear:
            scene.Clear(False)
        if file.endswith(".mrb"):
            return bool(scene.ReadFromMRB(file))
        scene.SetURL(file)
        return bool(scene.Import())

    def _load(self, kind: str, file: str, name: str, wanted: Any) -> list[Any]:
        modules = slicer.modules
        if kind == "VolumeFile":
            labels = 1 if wanted.get("labelmap") else 0
            return [modules.volumes.logic().AddArchetypeVolume(file, name, labels)]
        if kind == "SegmentationFile":
            return [modules.segmentations.logic().LoadSegmentationFromFile(file, True, name)]
        if kind == "MarkupsFile":
            ids = modules.markups.logic().LoadMarkups(file, name) or ""
            return [slicer.mrmlScene.GetNodeByID(each) for each in ids.split(",") if each]
        if kind == "TableFile":
            return [modules.tables.logic().AddTable(file, name)]
        return [modules.transforms.logic().AddTransform(file, slicer.mrmlScene)]

    def saveNodes(self, kind: str, wanted: Any, messages: Any = None) -> bool:
        """Save a node, or the whole scene."""
        file, scene = str(wanted["fileName"]), slicer.mrmlScene
        if kind == "SceneFile":
            scene.SetURL(file)
            scene.SetRootDirectory(str(Path(file).resolve().parent))
            return bool(scene.WriteToMRB(file) if file.endswith(".mrb") else scene.Commit(file))
        node = scene.GetNodeByID(wanted["nodeID"])
        storage = node.GetStorageNode()
        if storage is None or not storage.SupportedFileType(file):
            node.SetAndObserveStorageNodeID(None)
            node.AddDefaultStorageNode(file)
            storage = node.GetStorageNode()
        if storage is None or not storage.SupportedFileType(file):
            return False
        storage.SetFileName(file)
        return bool(storage.WriteData(node))
