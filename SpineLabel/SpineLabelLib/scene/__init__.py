"""Between the engine's objects and the nodes of Slicer's scene; knows MRML, never Qt.

Both modules use it: SpineSegment depends on SpineLabel for this.
"""

from .hierarchy import placeBeside
from .segmentationNode import (
    createSegmentationNode,
    describeSegment,
    labelMapFromNode,
    setLevel,
    showLabelMap,
    spineOfSegments,
    vertebraSegments,
)
from .spineNode import createSpineNode, keptSpine, showSpine, takeUp
from .spineTable import showSpineInTable
from .volumeNode import geometryFromNode, volumeFromNode

__all__ = [
    "createSegmentationNode",
    "createSpineNode",
    "describeSegment",
    "geometryFromNode",
    "keptSpine",
    "labelMapFromNode",
    "placeBeside",
    "setLevel",
    "showLabelMap",
    "showSpine",
    "showSpineInTable",
    "spineOfSegments",
    "takeUp",
    "vertebraSegments",
    "volumeFromNode",
]
