"""A spine as the points of a markups node, and back.

A point shows a vertebra's level, centre and lock. The node's attribute holds the whole spine, so
that a saved scene loses nothing; a point's ID holds the vertebra's instance number, so that what a
person does to the points in the scene can be told apart and taken up.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import slicer
import vtk
from scipy.spatial.distance import pdist

from vertebra.anatomy import Level
from vertebra.anatomy import level as levelOf
from vertebra.errors import BadEdit, VertebraError
from vertebra.exchange.markups import describe, understand
from vertebra.exchange.points import spine_from
from vertebra.spine import Point, Spine, from_json, to_json

from .hierarchy import placeBeside
from .origin import setScan

ATTRIBUTE = "Vertebra.spine"
MOVED = 1e-3
"""A point that lies further (mm) from where it was put has been moved by a person."""


@dataclass(frozen=True)
class _Point:
    id: str
    label: str
    description: str
    position: tuple[float, float, float]
    locked: bool

    @property
    def instance(self) -> int | None:
        """The vertebra it shows; None for a point that Slicer did not number."""
        return int(self.id) if self.id.isdecimal() else None


def createSpineNode(volumeNode=None):
    """An empty markups node for a spine, beside its scan and named after it."""
    name = f"{volumeNode.GetName()} spine" if volumeNode else "Spine"
    node = slicer.mrmlScene.AddNewNodeByClass(
        "vtkMRMLMarkupsFiducialNode", slicer.mrmlScene.GenerateUniqueName(name)
    )
    _prepare(node)
    if volumeNode:
        setScan(node, volumeNode)
        placeBeside(node, volumeNode)
    return node


def showSpine(spine: Spine, node) -> None:
    """Make the points show exactly this spine; those with a problem in the unselected colour."""
    if node.GetAttribute(ATTRIBUTE) is None:
        _prepare(node)
    doubtful = {instance for problem in spine.problems() for instance in problem.instances}
    modifying = node.StartModify()
    shown = [node.GetNthControlPointID(n) for n in range(node.GetNumberOfControlPoints())]
    if shown != [str(vertebra.instance) for vertebra in spine]:
        _makePoints(spine, node)
    for index, vertebra in enumerate(spine):
        node.SetNthControlPointPositionWorld(index, vtk.vtkVector3d(*vertebra.centroid))
        node.SetNthControlPointLabel(index, vertebra.level.name)
        node.SetNthControlPointDescription(index, describe(vertebra))
        node.SetNthControlPointLocked(index, vertebra.locked)
        node.SetNthControlPointSelected(index, vertebra.instance not in doubtful)
    node.SetAttribute(ATTRIBUTE, to_json(spine))
    node.EndModify(modifying)


def keptSpine(node) -> Spine:
    """The spine that the node last showed; for points of another origin, the spine they make.

    Where all points have moved as one body it lies where they are: a transform did that, nobody
    edited them.
    """
    text = node.GetAttribute(ATTRIBUTE)
    if not text:
        return _spineOfForeignPoints(node)
    spine = from_json(text)
    moved = carried(spine, node)
    return moved if _asOneBody(spine, moved) else spine


def carried(spine: Spine, node) -> Spine:
    """The spine where its points are, since a transform and no person has moved them."""
    places = {point.instance: point.position for point in _points(node)}
    vertebrae = (
        replace(each, centroid=places[each.instance])
        if each.instance in places and _apart(places[each.instance], each.centroid) > MOVED
        else each
        for each in spine
    )
    return replace(spine, vertebrae=tuple(vertebrae))


def currentSpine(node) -> Spine:
    """The spine with what a person did to its points since it was shown, as far as possible."""
    return takeUp(keptSpine(node), node)[0]


def takeUp(spine: Spine, node) -> tuple[Spine, tuple[str, ...]]:
    """The spine with what a person did to its points in the scene, and what was refused.

    Points of another origin are the spine as they are; nothing tells what was done to them.
    """
    if node.GetAttribute(ATTRIBUTE) is None:
        return spine, ()
    points = _points(node)
    refused: list[str] = []

    def attempt(edit) -> None:
        nonlocal spine
        try:
            spine = edit(spine)
        except VertebraError as error:
            refused.append(str(error))

    present = {point.instance for point in points}
    for vertebra in spine:
        if vertebra.instance not in present:
            attempt(lambda old, gone=vertebra: old.removed(gone))
    known = {vertebra.instance: vertebra for vertebra in spine}
    for point in points:
        before = known.get(point.instance)
        if before is None:
            attempt(lambda old, new=point: old.inserted(new.position, _levelOrNone(new.label)))
            continue
        if point.locked != before.locked:
            attempt(lambda old, same=point: old.locked(same.instance, same.locked))
        if _apart(point.position, before.centroid) > MOVED:
            attempt(lambda old, same=point: old.moved(same.instance, same.position))
        if point.label != before.level.name:
            attempt(lambda old, same=point: _renamed(old, same))
    return spine, tuple(refused)


def _asOneBody(before: Spine, after: Spine) -> bool:
    """Did several centres move, and do all lie to each other as they did?"""
    moved = sum(a != b for a, b in zip(before.centroids, after.centroids))
    return moved > 1 and bool(
        np.allclose(pdist(before.centroids), pdist(after.centroids), rtol=0, atol=MOVED)
    )


def _apart(a: Point, b: Point) -> float:
    return float(np.linalg.norm(np.subtract(a, b)))


def _prepare(node) -> None:
    """How points look that are a spine; locked, so that nobody drags one by accident."""
    node.CreateDefaultDisplayNodes()
    display = node.GetDisplayNode()
    display.SetSelectedColor(1.0, 0.85, 0.25)
    display.SetColor(1.0, 0.25, 0.2)
    display.SetUseGlyphScale(False)
    display.SetGlyphSize(5.0)
    display.SetTextScale(3.0)
    node.SetLocked(True)


def _renamed(spine: Spine, point: _Point) -> Spine:
    level = levelOf(point.label)
    return (
        spine
        if spine.find(point.instance).level is level
        else spine.relabelled(point.instance, level)
    )


def _makePoints(spine: Spine, node) -> None:
    """New points whose IDs, which Slicer counts up by itself, are the instance numbers."""
    node.RemoveAllControlPoints()
    for vertebra in spine:
        node.SetLastUsedControlPointNumber(vertebra.instance - 1)
        node.AddControlPointWorld(vtk.vtkVector3d(*vertebra.centroid))
    highest = max((vertebra.instance for vertebra in spine), default=0)
    node.SetLastUsedControlPointNumber(highest)


def _points(node) -> list[_Point]:
    points = []
    for index in range(node.GetNumberOfControlPoints()):
        if node.GetNthControlPointPositionStatus(index) != node.PositionDefined:
            continue
        position = node.GetNthControlPointPositionWorld(index)
        points.append(
            _Point(
                node.GetNthControlPointID(index),
                node.GetNthControlPointLabel(index).strip(),
                node.GetNthControlPointDescription(index),
                (position[0], position[1], position[2]),
                bool(node.GetNthControlPointLocked(index)),
            )
        )
    return points


def _levelOrNone(label: str) -> Level | None:
    try:
        return levelOf(label)
    except VertebraError:
        return None


def _spineOfForeignPoints(node) -> Spine:
    """The spine of points that a person or another program named."""
    points = _points(node)
    unknown = [point.label for point in points if _levelOrNone(point.label) is None]
    if unknown:
        raise BadEdit(
            f"'{node.GetName()}' has points that are not named by a level ({', '.join(unknown[:3])}"
            f"{', …' if len(unknown) > 3 else ''}); name them like C3, T12 or L5."
        )
    return spine_from(
        understand(each.id, levelOf(each.label), each.position, each.description, each.locked)
        for each in points
    )
