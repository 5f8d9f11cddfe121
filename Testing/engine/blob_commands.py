"""Commands on a scan of blobs, for models that segment these exactly."""

from __future__ import annotations

from installed_blobs import body_of_blobs

from vertebra.cli.run import run
from vertebra.volume import cropped

SCAN, TRUTH, POINTS = body_of_blobs()
CUT = cropped(SCAN, (0, 0, 0), (32, 36, 39))
"""A scan that ends in its first vertebra."""
ENDINGS = [
    *(".csv", ".mrk.json", ".png", ".seg.nrrd", ".spine.json"),
    *("_seg-vert_ctd.json", "_seg-vert_msk.labels.json", "_seg-vert_msk.nii.gz"),
]


def vertebra(*arguments):
    return run([*(str(argument) for argument in arguments), "--device", "cpu"])


def segment(*arguments):
    return vertebra("segment", *arguments)
