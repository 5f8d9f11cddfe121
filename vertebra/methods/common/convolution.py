"""A convolution with batch normalization, which become one convolution once training is over."""

from __future__ import annotations

import copy
from typing import TypeVar

from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

Network = TypeVar("Network", bound=nn.Module)


class NormalizedConvolution(nn.Module):
    """Convolution, batch normalization, and a rectifier unless `rectify` is off."""

    def __init__(
        self, inputs: int, outputs: int, size: int = 3, stride: int = 1, rectify: bool = True
    ) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=False)
        self.norm: nn.Module = nn.BatchNorm2d(outputs)
        self.rectifier: nn.Module = nn.ReLU(inplace=True) if rectify else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """Apply the three."""
        result: Tensor = self.rectifier(self.norm(self.convolution(x)))
        return result


def folded(network: Network) -> Network:
    """A copy for inference whose normalizations are part of the convolutions."""
    quick = copy.deepcopy(network).eval()
    for part in quick.modules():
        if isinstance(part, NormalizedConvolution) and isinstance(part.norm, nn.BatchNorm2d):
            part.convolution = fuse_conv_bn_eval(part.convolution, part.norm)
            part.norm = nn.Identity()
    return quick
