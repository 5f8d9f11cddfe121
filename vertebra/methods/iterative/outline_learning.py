"""How the outline network is trained: cubes around vertebrae as a segmenter and truth have them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from scipy import ndimage
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from ...errors import BadFile
from ...runtime import Progress
from ...training import preparing
from ...training.batches import Batch
from ...training.loop import train as train_loop
from ...training.schedule import Schedule
from ...volume.resampling import AIR
from ..common.weights import filled, trained_weights
from .augmentation import cut_short, recoloured
from .choosing import METHOD
from .outline import SPACING, WIDTHS, OutlineNetwork, outline_input
from .patches import read_part
from .windows import Window, bounds

PATCH = 64
"""Side of a training cube, mm: the network sees what is near, not the whole vertebra."""
SCHEDULE = Schedule(
    iterations=6000, batch=2, rate=2e-3, optimiser="adam", decay="cosine", warm_up=100
)
ERASED = 0.25
"""How often a part of what was found is taken away."""
SHIFT = 1.0
"""What was found is moved by so many mm (SD)."""


class OutlineTraining(nn.Module):
    """The network with its loss: cross-entropy, and one minus the soft Dice coefficient."""

    def __init__(self, network: OutlineNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The parts of the loss of a batch."""
        inputs = outline_input(batch["patch"], batch["likely"], batch["others"])
        logits, truth = self.network(inputs).float(), batch["truth"].float()
        entropy = binary_cross_entropy_with_logits(logits, truth)
        found = logits.sigmoid()
        both = (found * truth).flatten(1).sum(dim=1)
        total = (found + truth).flatten(1).sum(dim=1)
        overlap = (1 - (2 * both + 1) / (total + 1)).mean()
        return {"loss": 5 * entropy + overlap, "entropy": entropy, "overlap": overlap}


class Cubes:
    """Batches of cubes from a folder of prepared scans; a batch depends on its number alone.

    With `names` other scans that lie in the folder are not looked at.
    """

    def __init__(
        self, folder: Path, batch: int, seed: int = 0, names: Collection[str] | None = None
    ) -> None:
        self.files = preparing.made(folder, names)
        if not self.files:
            raise BadFile(f"'{folder}' holds no prepared scans; prepare some first.")
        self.batch = batch
        self.seed = seed

    def __getitem__(self, number: int) -> Batch:
        """The batch of a number."""
        rng = np.random.default_rng([self.seed, number])
        drawn: list[dict[str, Tensor]] = []
        for _ in range(self.batch):
            path = self.files[int(rng.integers(len(self.files)))]
            try:
                with safe_open(path, framework="pt") as file:
                    numbers = [k.split()[1] for k in sorted(file.keys()) if k.startswith("likely")]
                    drawn.append(_cube(file, str(rng.choice(numbers)), rng))
            except (OSError, SafetensorError) as error:
                raise BadFile(f"'{path}' is damaged; delete it and prepare it again.") from error
        return {name: torch.stack([cube[name] for cube in drawn]) for name in drawn[0]}


def _cube(file: Any, number: str, rng: np.random.Generator) -> dict[str, Tensor]:
    likely = file.get_tensor(f"likely {number}").numpy().astype(np.float32) / 255
    matrix = file.get_tensor(f"matrix {number}").numpy()
    low, high = bounds(likely > 0.1) if (likely > 0.1).any() else ((0, 0, 0), likely.shape)
    corner = np.linalg.inv(matrix) @ [*(rng.uniform(low, np.add(high, 1)) - 0.5), 1]
    window = Window.around(np.rint(corner[:3]).astype(int).tolist(), (PATCH,) * 3)
    voxels = recoloured(read_part(file, "voxels", window, AIR).astype(np.float32), SPACING, rng)
    uncut = read_part(file, "labels", window)
    voxels, labels = cut_short((voxels, uncut), rng)
    step, offset = matrix[:3, :3], matrix[:3, :3] @ window.start + matrix[:3, 3]
    offset = offset + rng.normal(0, SHIFT, 3) * np.diag(step)
    seen = ndimage.affine_transform(likely, np.diag(step), offset, window.shape, order=1)
    seen[voxels == AIR] = 0  # nothing is found beyond the end of a scan
    cube = {
        "patch": voxels,
        "likely": _erased(seen, rng),
        "others": _others(labels, int(number), rng),
        "truth": labels == int(number),
    }
    mirror = slice(None, None, -1 if rng.random() < 0.5 else 1)
    return {name: torch.from_numpy(np.ascontiguousarray(a[mirror])) for name, a in cube.items()}


def _erased(likely: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """What was found, at times with a hole: processes that the segmenter missed are to be drawn."""
    if rng.random() >= ERASED:
        return likely
    centre, radius = rng.uniform(0, PATCH, 3), rng.uniform(4, 12)
    i, j, k = (np.square(np.arange(PATCH) - c, dtype=np.float32) for c in centre)
    away = i[:, None, None] + j[:, None] + k
    return np.asarray(np.where(away < radius**2, np.float32(0), likely))


def _others(labels: NDArray[np.uint8], number: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """The vertebrae done before: those above, those below, all as in a correction, or none."""
    chance = rng.random()
    shown = [value for value in range(1, int(labels.max(initial=0)) + 1) if value != number]
    if chance < 0.35:
        shown = [value for value in shown if value < number]
    elif chance < 0.5:
        shown = [value for value in shown if value > number]
    elif chance > 0.75:
        shown = []
    return np.isin(labels, shown)


def train(
    prepared: Path,
    out: Path,
    *,
    start: Mapping[str, Tensor] | None = None,
    schedule: Schedule = SCHEDULE,
    widths: tuple[int, ...] = WIDTHS,
    names: Collection[str] | None = None,
    resume: bool = False,
    device: str = "auto",
    workers: int = 0,
    progress: Progress | None = None,
) -> None:
    """Train on a folder of prepared scans; `out` gets checkpoint and curves.

    With `names` other scans that lie in the folder are not looked at.
    It starts from the weights `start`, if there are any, else at random.
    """
    network = OutlineNetwork(widths)
    training = OutlineTraining(filled(network, start) if start else network)
    train_loop(
        training.to(memory_format=torch.channels_last_3d),  # type: ignore[call-overload]
        Cubes(prepared, schedule.batch, names=names),
        schedule,
        out,
        resume=resume,
        device=device,
        workers=workers,
        notes={"method": METHOD, "stage": "outline", "widths": list(widths)},
        progress=progress,
    )


def trained_network(folder: Path, widths: tuple[int, ...] = WIDTHS) -> OutlineNetwork:
    """The network of a training's checkpoint."""
    return filled(OutlineNetwork(widths), trained_weights(folder))
