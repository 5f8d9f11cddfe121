"""A convolution with batch normalization, which become one convolution once training is over."""

from __future__ import annotations

import copy
from typing import TypeVar

from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

Network = TypeVar("Network", bound=nn.Module)


class NormalizedConvolution(nn.Module):
    """Convolution, batch normalization, and a rectifier unless `rectify` is off; in 2-D or 3-D."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        size: int = 3,
        stride: int = 1,
        rectify: bool = True,
        dimensions: int = 2,
    ) -> None:
        super().__init__()
        convolution = nn.Conv2d if dimensions == 2 else nn.Conv3d
        norm = nn.BatchNorm2d if dimensions == 2 else nn.BatchNorm3d
        self.convolution = convolution(inputs, outputs, size, stride, size // 2, bias=False)
        self.norm: nn.Module = norm(outputs)
        self.rectifier: nn.Module = nn.ReLU(inplace=True) if rectify else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """Apply the three."""
        result: Tensor = self.rectifier(self.norm(self.convolution(x)))
        return result


def folded(network: Network) -> Network:
    """A copy for inference whose normalizations are part of the convolutions."""
    quick = copy.deepcopy(network).eval()
    for part in quick.modules():
        if not isinstance(part, NormalizedConvolution):
            continue
        if isinstance(part.norm, (nn.BatchNorm2d, nn.BatchNorm3d)):
            part.convolution = fuse_conv_bn_eval(part.convolution, part.norm)
            part.norm = nn.Identity()
    return quick
