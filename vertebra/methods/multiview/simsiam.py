"""Contrastive pre-training: two views of one patient shall look alike to the encoder.

SimSiam (Chen & He 2021): a projector and a predictor on the encoder, the negative cosine between
one view's prediction and the other's projection, and no gradient through the projection.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.functional import cosine_similarity

from .networks import Encoder


class SimSiam(nn.Module):
    """An encoder with SimSiam's projector and predictor."""

    def __init__(self, encoder: Encoder, features: int, width: int = 512) -> None:
        super().__init__()
        self.encoder = encoder
        self.projector = nn.Sequential(
            *_layer(features, width), *_layer(width, width), *_layer(width, width)[:-1]
        )
        self.predictor = nn.Sequential(*_layer(width, width // 4), nn.Linear(width // 4, width))

    def forward(self, one: Tensor, other: Tensor) -> Tensor:
        """The symmetric loss of two batches of views, from -1 (alike) to 1."""
        z1, z2 = self._project(one), self._project(other)
        p1, p2 = self.predictor(z1), self.predictor(z2)
        return (negative_cosine(p1, z2) + negative_cosine(p2, z1)) / 2

    def _project(self, views: Tensor) -> Tensor:
        projected: Tensor = self.projector(self.encoder(views)[-1].mean(dim=(2, 3)))
        return projected


def negative_cosine(prediction: Tensor, projection: Tensor) -> Tensor:
    """Minus the mean cosine; the projection counts as a constant."""
    return -cosine_similarity(prediction, projection.detach(), dim=-1).mean()


def _layer(inputs: int, outputs: int) -> list[nn.Module]:
    return [nn.Linear(inputs, outputs, bias=False), nn.BatchNorm1d(outputs), nn.ReLU()]
