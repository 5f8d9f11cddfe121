"""The loss: soft counts of wrong voxels, weighted near the surface, and the completeness error."""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, softplus

from .configuration import Configuration
from .network import Reading


def false_positives(probabilities: Tensor, truth: Tensor, weights: Tensor) -> Tensor:
    """FP_soft = sum w (1 - t) p, for each patch of the batch."""
    return (weights * (1 - truth) * probabilities).flatten(1).sum(dim=1)


def false_negatives(probabilities: Tensor, truth: Tensor, weights: Tensor) -> Tensor:
    """FN_soft = sum w t (1 - p), for each patch of the batch."""
    return (weights * truth * (1 - probabilities)).flatten(1).sum(dim=1)


def losses(
    reading: Reading,
    truth: Tensor,
    weights: Tensor,
    complete: Tensor,
    configuration: Configuration,
) -> dict[str, Tensor]:
    """The parts of the loss by name, and their sum as "loss"."""
    logits, truth = reading.voxels.float(), truth.float()
    if configuration.logarithmic:
        # -log(1 - p) for p, and -log p for 1 - p
        positives = (weights * (1 - truth) * softplus(logits)).flatten(1).sum(dim=1).mean()
        negatives = (weights * truth * softplus(-logits)).flatten(1).sum(dim=1).mean()
    else:
        probabilities = logits.sigmoid()
        positives = false_positives(probabilities, truth, weights).mean()
        negatives = false_negatives(probabilities, truth, weights).mean()
    completeness = binary_cross_entropy_with_logits(reading.complete.float(), complete.float())
    segmentation = configuration.lam * positives + negatives
    return {
        "loss": configuration.balance * segmentation + completeness,
        "false positives": positives,
        "false negatives": negatives,
        "completeness": completeness,
    }
