"""A folder that MONAI Label serves: images, labels by tag, and datastore_v2.json about both.

Every change happens under the folder's file lock, as in MONAI Label's own server.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import BadFile, VertebraError
from ..runtime import replacing, write_text
from ..spine import Spine
from ..volume import LabelMap
from . import labelmap
from .masks import levels_of
from .parsing import read_json

CONFIG = "datastore_v2.json"
LOCK = ".lock"
LOCK_SECONDS = 10.0
ORIGINAL, FINAL = "original", "final"
IMAGE_ENDINGS = (".nii.gz", ".nii", ".nrrd", ".mha")
_NAME = re.compile(r"[^/\\:\0]+")


@dataclass(frozen=True)
class Entry:
    """One image of the datastore, its label files by tag, and what is noted of each label."""

    name: str
    image: Path
    labels: Mapping[str, Path]
    info: Mapping[str, Mapping[str, Any]]


def read(folder: Path | str) -> list[Entry]:
    """All images and labels whose files are there, by name."""
    folder = Path(folder)
    with _locked(folder):
        document = _document(folder)
    entries = [_entry(folder, document, name) for name in sorted(document["objects"])]
    return [entry for entry in entries if entry.image.exists()]


def add_image(folder: Path | str, image: Path | str, name: str | None = None) -> Entry:
    """Copy an image into the datastore; its name defaults to the file's."""
    folder, image = Path(folder), Path(image)
    ending = next((end for end in IMAGE_ENDINGS if image.name.lower().endswith(end)), None)
    if ending is None or not image.is_file():
        raise VertebraError(f"'{image}' is not a file ending in {', '.join(IMAGE_ENDINGS)}.")
    name = name or image.name[: -len(ending)]
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder):
        document = _document(folder)
        target = _inside(folder, document["images_dir"], name + ending)
        with replacing(target) as temporary:
            shutil.copyfile(image, temporary)
        old_labels = document["objects"].get(name, {}).get("labels", {})
        info = {"ts": int(time.time()), "name": target.name}
        document["objects"][name] = {"image": {"ext": ending, "info": info}, "labels": old_labels}
        _save(folder, document)
        return _entry(folder, document, name)


def save_label(
    folder: Path | str, name: str, tag: str, masks: LabelMap, spine: Spine | None = None
) -> Entry:
    """Write masks as the label of an image, tagged `original` or `final`, in VerSe's numbers."""
    folder = Path(folder)
    with _locked(folder):
        document = _document(folder)
        if name not in document["objects"]:
            raise VertebraError(f"The datastore has no image '{name}'; add the image first.")
        target = _inside(folder, document["labels_dir"], tag, name + ".nii.gz")
        labelmap.write(target, masks, spine)
        levels = levels_of(masks, spine)
        info = {
            "ts": int(time.time()),
            "checksum": "SHA256:" + hashlib.sha256(target.read_bytes()).hexdigest(),
            "name": target.name,
            "params": {"label_names": {each.name: each.verse for each in sorted(levels.values())}},
        }
        document["objects"][name]["labels"][tag] = {"ext": ".nii.gz", "info": info}
        _save(folder, document)
        return _entry(folder, document, name)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the lock that MONAI Label's server uses too."""
    from filelock import FileLock, Timeout  # comes with torch

    if not folder.is_dir():
        raise BadFile(f"'{folder}' is not a folder; choose a datastore of MONAI Label.")
    try:
        with FileLock(folder / LOCK, timeout=LOCK_SECONDS):
            yield
    except Timeout as error:
        raise VertebraError(
            f"Another program is at work in '{folder}'; wait until it is done and try again."
        ) from error
    except OSError as error:
        raise VertebraError(
            f"'{folder}' cannot be used ({error.strerror}); choose a folder you may write to."
        ) from error


def _document(folder: Path) -> dict[str, Any]:
    """The datastore's JSON, checked; a new one where there is none."""
    path = folder / CONFIG
    if not path.exists():
        return {
            "name": "Vertebra",
            "description": "Vertebrae by level",
            "images_dir": ".",
            "labels_dir": "labels",
            "objects": {},
        }
    document = read_json(path)
    if not isinstance(document, dict) or not isinstance(document.setdefault("objects", {}), dict):
        raise BadFile(f"'{path}' is not a datastore of MONAI Label; move it away.")
    document["images_dir"] = document.get("images_dir") or "."
    document["labels_dir"] = document.get("labels_dir") or "labels"
    for directory in (document["images_dir"], document["labels_dir"]):
        _inside(folder, str(directory))
    for name in document["objects"]:
        _entry(folder, document, name)
    return document


def _entry(folder: Path, document: dict[str, Any], name: str) -> Entry:
    try:
        entry = document["objects"][name]
        image = _inside(folder, document["images_dir"], name + entry["image"]["ext"])
        kept = {
            tag: (_inside(folder, document["labels_dir"], tag, name + label["ext"]), label)
            for tag, label in entry.setdefault("labels", {}).items()
        }
        labels = {tag: path for tag, (path, _) in kept.items() if path.exists()}
        return Entry(name, image, labels, {tag: kept[tag][1].get("info", {}) for tag in labels})
    except (KeyError, TypeError, AttributeError) as error:
        raise BadFile(f"'{folder / CONFIG}' is damaged at '{name}'; restore it.") from error


def _inside(folder: Path, directory: str, *names: str) -> Path:
    """A path below the datastore; names from the file that lead elsewhere are refused."""
    path = folder.joinpath(directory, *names)
    plain = all(_NAME.fullmatch(name) and name not in (".", "..") for name in names)
    if not plain or not path.resolve().is_relative_to(folder.resolve()):
        raise BadFile(f"The datastore '{folder}' names '{path}', which lies outside it.")
    return path


def _save(folder: Path, document: dict[str, Any]) -> None:
    for tag in (ORIGINAL, FINAL):
        _inside(folder, document["labels_dir"], tag).mkdir(parents=True, exist_ok=True)
    write_text(folder / CONFIG, json.dumps(document, indent=2) + "\n")
