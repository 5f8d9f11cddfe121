"""What the figures on the page mean; docs/metrics.md says it in full."""

MEANINGS = (
    (
        "Identified (Glocker)",
        "The prediction nearest to the reference point carries its level and lies within 20 mm. "
        "The rate is over all reference vertebrae.",
    ),
    (
        "VerSe hit",
        "Among the levels on both sides, the reference nearest to the prediction is its own and "
        "lies within 20 mm. The rate is over all reference vertebrae.",
    ),
    ("Error", "From a reference point to the prediction of the same level, identified or not."),
    ("All right", "Every vertebra of the scan's reference is identified."),
    ("Dice", "Overlap of the masks of the same level; 0 where the level was not predicted."),
    (
        "Instance Dice",
        "Overlap with the predicted vertebra that shares most voxels, whatever it is called; "
        "so are surface distance, HD95 and surface Dice.",
    ),
    ("Surface distance", "Mean over the voxels of both surfaces of the distance to the other one."),
    ("HD95", "95th percentile of these distances, the larger of both directions."),
    ("Surface Dice", "The share of both surfaces that lies within 1 mm of the other."),
    (
        "Precision, recall, AP",
        "A prediction within 20 mm of a free reference vertebra is right, the surest first; AP is "
        "the area under the precision-recall curve, mAP its mean over levels.",
    ),
)
