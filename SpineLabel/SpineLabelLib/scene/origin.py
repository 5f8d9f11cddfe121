"""Which scan points and masks were made on."""

from __future__ import annotations

from .volumeNode import ownGeometry

SCAN = "Vertebra.scan"
"""The reference from points or masks to their scan."""


def setScan(node, volumeNode) -> None:
    """Remember the scan that points or masks are made on."""
    node.SetNodeReferenceID(SCAN, volumeNode.GetID())


def scanOf(node):
    """The scan that points or masks were made on; None for those of another origin."""
    return node.GetNodeReference(SCAN)


def otherScanOf(node, volumeNode):
    """The scan that points or masks were made on, if it is not this one; else None.

    A scan with the same voxels' places, as of another kernel or a filtered copy, is as good.
    """
    scan = scanOf(node) if node is not None and volumeNode is not None else None
    return None if scan is None or scan is volumeNode or _inPlace(scan, volumeNode) else scan


def _inPlace(scan, other) -> bool:
    if scan.GetImageData() is None or other.GetImageData() is None:
        return False
    together = scan.GetParentTransformNode() is other.GetParentTransformNode()
    return together and ownGeometry(scan).same_as(ownGeometry(other))
