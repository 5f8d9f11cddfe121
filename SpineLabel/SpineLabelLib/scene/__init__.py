"""Between the engine's objects and the nodes of Slicer's scene; knows MRML, never Qt.

Both modules use it: SpineSegment depends on SpineLabel for this.
"""

from .dicomSource import dicomSeries, inSeries
from .hierarchy import placeBeside
from .masks import Mask
from .origin import otherScanOf, scanOf
from .segmentationNode import (
    PARTIAL,
    createSegmentationNode,
    describeSegment,
    labelMapFromNode,
    segmentedVertebra,
    setLevel,
    showLabelMap,
    vertebraSegments,
)
from .segmentVoxels import fromScan, masksFromNode, writeMask
from .spineNode import carried, createSpineNode, currentSpine, keptSpine, showSpine, takeUp
from .tableNode import Columns, showTable
from .volumeNode import geometryFromNode, ownGeometry, volumeFromNode

__all__ = [
    "PARTIAL",
    "Columns",
    "Mask",
    "carried",
    "createSegmentationNode",
    "createSpineNode",
    "currentSpine",
    "describeSegment",
    "dicomSeries",
    "fromScan",
    "geometryFromNode",
    "inSeries",
    "keptSpine",
    "labelMapFromNode",
    "masksFromNode",
    "otherScanOf",
    "ownGeometry",
    "placeBeside",
    "scanOf",
    "segmentedVertebra",
    "setLevel",
    "showLabelMap",
    "showSpine",
    "showTable",
    "takeUp",
    "vertebraSegments",
    "volumeFromNode",
    "writeMask",
]
