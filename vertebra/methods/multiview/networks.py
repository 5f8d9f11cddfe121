"""The networks: a residual encoder, a U-Net over it, and the pair that localizes and names."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, pixel_shuffle

from ..common.convolution import NormalizedConvolution
from .configuration import CLASSES, Configuration, Widths

MULTIPLE = 32
"""Rows and columns of an input must be multiples of this."""
HALF = 2
"""Level maps have half the input's rows and columns; squares are sampled from them."""


class Reading(NamedTuple):
    """What the networks say of views: a heat map's logits, and level logits at half size."""

    heat: Tensor
    levels: Tensor


class BasicBlock(nn.Module):
    """Two convolutions with a shortcut."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.path = nn.Sequential(
            NormalizedConvolution(inputs, outputs, 3, stride),
            NormalizedConvolution(outputs, outputs, 3, rectify=False),
        )
        self.shortcut = _shortcut(inputs, outputs, stride)

    def forward(self, x: Tensor) -> Tensor:
        """The rectified sum of path and shortcut."""
        return torch.relu(self.path(x) + self.shortcut(x))


class Bottleneck(nn.Module):
    """Three convolutions through a quarter of the channels, with a shortcut (ResNet50)."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        inner = outputs // 4
        self.path = nn.Sequential(
            NormalizedConvolution(inputs, inner, 1),
            NormalizedConvolution(inner, inner, 3, stride),
            NormalizedConvolution(inner, outputs, 1, rectify=False),
        )
        self.shortcut = _shortcut(inputs, outputs, stride)

    def forward(self, x: Tensor) -> Tensor:
        """The rectified sum of path and shortcut."""
        return torch.relu(self.path(x) + self.shortcut(x))


class Encoder(nn.Module):
    """A residual network whose stages halve the image to 1/2 (stem), 1/4, 1/8, 1/16 and 1/32."""

    def __init__(self, channels: int, widths: Widths) -> None:
        super().__init__()
        block = Bottleneck if widths.block == "bottleneck" else BasicBlock
        self.stem = NormalizedConvolution(channels, widths.stem, 7, 2)
        stages = []
        inputs = widths.stem
        for count, outputs in zip(widths.blocks, widths.encoder):
            rest = [block(outputs, outputs, 1) for _ in range(count - 1)]
            stages.append(nn.Sequential(block(inputs, outputs, 2), *rest))
            inputs = outputs
        self.stages = nn.ModuleList(stages)

    def forward(self, x: Tensor) -> list[Tensor]:
        """The features of stem and stages, from fine to coarse."""
        features = [self.stem(x)]
        for stage in self.stages:
            features.append(stage(features[-1]))
        return features


class UNet(nn.Module):
    """Encoder and decoder; gives features at half the input's size."""

    def __init__(self, channels: int, widths: Widths) -> None:
        super().__init__()
        self.encoder = Encoder(channels, widths)
        skips = (widths.stem, *widths.encoder[:-1])[::-1]
        inputs = widths.encoder[-1]
        self.merges = nn.ModuleList()
        for skip, outputs in zip(skips, widths.decoder):
            self.merges.append(
                nn.Sequential(
                    NormalizedConvolution(inputs + skip, outputs),
                    NormalizedConvolution(outputs, outputs),
                )
            )
            inputs = outputs

    def forward(self, x: Tensor) -> Tensor:
        """Features at half size, after all skips."""
        coarse: Tensor
        *skips, coarse = self.encoder(x)
        for merge, skip in zip(self.merges, reversed(skips)):
            coarse = merge(torch.cat([interpolate(coarse, size=skip.shape[-2:]), skip], dim=1))
        return coarse


class MultiViewNetwork(nn.Module):
    """Localization and identification, with a U-Net each (paper) or one for both (compact)."""

    def __init__(self, configuration: Configuration) -> None:
        super().__init__()
        channels, widths = len(configuration.optics.channels), configuration.widths
        self.localizer = UNet(channels, widths)
        self.identifier = None if configuration.shared else UNet(channels, widths)
        self.heat = nn.Conv2d(widths.decoder[-1], 4, 3, padding=1)
        self.levels = nn.Conv2d(widths.decoder[-1], CLASSES, 3, padding=1)
        assert self.heat.bias is not None
        nn.init.constant_(self.heat.bias, -4.0)  # most pixels are no centroids

    def forward(self, views: Tensor) -> Reading:
        """Read views (batch, channels, rows, columns)."""
        features = self.localizer(views)
        heat = pixel_shuffle(self.heat(features), 2)
        named = features if self.identifier is None else self.identifier(views)
        return Reading(heat[:, 0], self.levels(named))

    def encoders(self) -> list[Encoder]:
        """The encoders that pre-training fills."""
        networks = (self.localizer, self.identifier)
        return [network.encoder for network in networks if network is not None]


def _shortcut(inputs: int, outputs: int, stride: int) -> nn.Module:
    if inputs == outputs and stride == 1:
        return nn.Identity()
    return NormalizedConvolution(inputs, outputs, 1, stride, rectify=False)
