"""The scan that ships with the extension, in Slicer's module Sample Data."""

from __future__ import annotations

import slicer

from .engine import engineFolder

CATEGORY, NAME = "Vertebra", "SpinePhantom"


def registerSamples(thumbnail: str) -> None:
    """Offer the synthetic scan in Sample Data."""
    import SampleData

    SampleData.SampleDataLogic.registerCustomSampleDataSource(
        category=CATEGORY,
        sampleName=NAME,
        thumbnailFileName=thumbnail,
        customDownloader=loadPhantom,
    )


def loadPhantom(_source=None) -> None:
    """Load the scan with its true points and masks; nothing is downloaded."""
    folder = engineFolder() / "Resources" / "SampleData"
    scan = slicer.util.loadVolume(str(folder / f"{NAME}.nii.gz"), {"name": NAME})
    display = scan.GetDisplayNode()
    display.SetAutoWindowLevel(False)
    display.SetWindowLevel(1400, 300)
    points = slicer.util.loadMarkups(str(folder / f"{NAME}.mrk.json"))
    points.SetName(f"{NAME} spine")
    masks = slicer.util.loadSegmentation(str(folder / f"{NAME}.seg.nrrd"))
    masks.SetName(f"{NAME} vertebrae")
    masks.SetDisplayVisibility(False)
    slicer.util.setSliceViewerLayers(background=scan, fit=True)
