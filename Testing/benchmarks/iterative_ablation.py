"""What each part of the iterative method is worth: variants trained alike, on unseen phantoms.

All learn for as long, from the same prepared scans, batch by batch. Stopped, it goes on where it
was. Run: python Testing/benchmarks/iterative_ablation.py --prepared DIR -o DIR --iterations 1000
With --model NAME nothing is trained: an installed model's memory is kept empty while it segments.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from iterative_scans import Found, crop, drawn, figures, timed, traversed
from numpy.typing import NDArray
from torch import Tensor

from vertebra.errors import VertebraError
from vertebra.methods.iterative.configuration import COARSE, Configuration
from vertebra.methods.iterative.inference import Segmenter
from vertebra.methods.iterative.learning import Training, trained_network
from vertebra.methods.iterative.network import MemoryNetwork
from vertebra.methods.iterative.patches import Patches
from vertebra.methods.iterative.refinement import Boundary
from vertebra.runtime import Progress, write_text
from vertebra.training.batches import Batch
from vertebra.training.checkpoints import STATE
from vertebra.training.loop import train

STARTS = ("points", "search")
JITTER = 2.0
FIRST, APART = 6_000_000, 5
"""The unseen phantoms: every fifth level of the spine in turn."""


@dataclass(frozen=True)
class Variant:
    """The method without one of its parts."""

    name: str
    changes: Mapping[str, Any]
    """Of the configuration."""
    remembers: bool = True
    judges: bool = True
    """Does the completeness branch learn?"""


VARIANTS = (
    Variant("full", {}),
    Variant("without memory", {}, remembers=False),
    Variant("without pointer", {"pointed": False}),
    Variant("linear counts", {"logarithmic": False}),
    Variant("without surface weights", {"gamma": 0.0}),
    Variant("without completeness", {}, judges=False),
)


EMPTIED = (Variant("as it is", {}), Variant("memory kept empty", {}, remembers=False))
"""What is told of a model that is trained already."""


class ForgetfulPatches(Patches):
    """Patches whose memory is empty."""

    def __getitem__(self, number: int) -> Batch:
        """The batch of a number."""
        batch = dict(super().__getitem__(number))
        return {**batch, "memory": torch.zeros_like(batch["memory"])}


class Unjudging(Training):
    """Training without the loss of the completeness branch."""

    def forward(self, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The parts of the loss of a batch."""
        parts = super().forward(batch)
        return {**parts, "loss": parts["loss"] - parts["completeness"]}


@dataclass(frozen=True, eq=False)
class ForgetfulSegmenter(Segmenter):
    """A segmenter whose network sees an empty memory."""

    def segment_patch(
        self,
        patch: NDArray[np.float32],
        memory: NDArray[np.bool_],
        point: NDArray[np.float64] | None = None,
    ) -> tuple[NDArray[np.float32], float]:
        """The probabilities of some vertebra."""
        return super().segment_patch(patch, np.zeros_like(memory), point)


def main() -> None:
    options = _options()
    variants = VARIANTS if options.model is None else EMPTIED
    for variant in variants:
        if options.table or (options.only and variant.name not in options.only):
            continue
        if options.model is None:
            learn(variant, options)
            segmenter = trained(variant, options)
        else:
            whole = Segmenter.load(options.model)
            segmenter = kind_of(variant)(whole.network, whole.configuration, whole.device)
        measure(variant, segmenter, options)
    print(table(variants, options))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--prepared", type=Path, help="a folder of scans prepared for COARSE")
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--model", help="an installed model to take the memory from")
    parser.add_argument("--iterations", type=int, default=1000)
    parser.add_argument("--widths", type=int, nargs="+", default=[8, 16, 32, 32])
    parser.add_argument("--phantoms", type=int, default=6)
    parser.add_argument("--spacing", type=float, default=2.0, help="of the phantoms, mm")
    parser.add_argument("--only", nargs="+", help=f"some of: {', '.join(v.name for v in VARIANTS)}")
    parser.add_argument("--table", action="store_true", help="print what there is, and no more")
    return parser.parse_args()


def configuration_of(variant: Variant, options: argparse.Namespace) -> Configuration:
    """COARSE with fewer channels, without what the variant lacks."""
    training = replace(COARSE.training, iterations=options.iterations)
    small = replace(COARSE, widths=tuple(options.widths), training=training)
    return replace(small, **variant.changes)


def learn(variant: Variant, options: argparse.Namespace) -> None:
    """Train a variant, or go on with it."""
    configuration, out = configuration_of(variant, options), _folder(variant, options)
    torch.manual_seed(0)
    kind = Training if variant.judges else Unjudging
    training = kind(MemoryNetwork(configuration), configuration)
    patches = Patches if variant.remembers else ForgetfulPatches
    train(
        training.to(memory_format=torch.channels_last_3d),  # type: ignore[call-overload]
        patches(options.prepared, configuration),
        configuration.training,
        out,
        resume=(out / STATE).exists(),
        device="cpu",
        notes={"method": "iterative", "configuration": configuration.to_dict()},
        progress=Progress(),
    )


def kind_of(variant: Variant) -> type[Segmenter]:
    """The segmenter that a variant needs."""
    return Segmenter if variant.remembers else ForgetfulSegmenter


def trained(variant: Variant, options: argparse.Namespace) -> Segmenter:
    """The segmenter of a variant that has been trained."""
    configuration = configuration_of(variant, options)
    network = trained_network(_folder(variant, options), configuration)
    return kind_of(variant).of(network, configuration)


def measure(variant: Variant, segmenter: Segmenter, options: argparse.Namespace) -> None:
    """Segment the unseen phantoms from points and by search, and keep the figures."""
    file = _folder(variant, options) / "figures.json"
    if file.exists():
        return
    kept: dict[str, list[Any]] = {start: [] for start in STARTS}
    for seed in range(FIRST, FIRST + APART * options.phantoms, APART):
        scan = crop(seed, options.spacing)
        for start in STARTS:
            found, seconds = timed(_found, scan, segmenter, start)
            labels, spine = drawn(scan, segmenter, found, Boundary.SHARP)
            kept[start].append({**figures(scan, labels, spine), "seconds": seconds})
            print(f"{variant.name}, {scan.name}, {start}: {seconds:.1f} s", flush=True)
    write_text(file, json.dumps(kept))


def _found(scan: Any, segmenter: Segmenter, start: str) -> Found:
    try:
        return traversed(scan, segmenter, start, JITTER)
    except VertebraError as error:
        print(f"{scan.name}: nothing counts as found: {error}")
        small, _ = segmenter.begin(scan.volume, Progress(), None)
        return Found(small, [], None)


def table(variants: Sequence[Variant], options: argparse.Namespace) -> str:
    """What there is, for docs/results.md; Dice of completely visible vertebrae, 0 where missed."""
    head = "| variant | Dice, points | missed | complete right | Dice, search | missed | extra |"
    lines = [head, "|---|---|---|---|---|---|---|"]
    for variant in variants:
        file = _folder(variant, options) / "figures.json"
        if not file.exists():
            continue
        kept = json.loads(file.read_text())
        points, search = (_summary(kept[start]) for start in STARTS)
        right = "not taught" if not variant.judges else points["right"]
        lines.append(
            f"| {variant.name} | {points['dice']} | {points['missed']} | {right} "
            f"| {search['dice']} | {search['missed']} | {search['extra']} |"
        )
    return "\n".join(lines)


def _summary(scans: list[Any]) -> dict[str, str]:
    every = [each for scan in scans for each in scan["vertebrae"]]
    dice = [each["dice"] or 0.0 for each in every if each["whole"]]
    judged = np.sum([scan["judged"] for scan in scans], axis=0)
    share = judged[0] / judged.sum() if judged.sum() else 0.0
    return {
        "dice": f"{np.mean(dice):.3f}",
        "missed": f"{sum(scan['missed'] for scan in scans)} of {len(every)}",
        "extra": str(sum(scan["invented"] for scan in scans)),
        "right": f"{share:.1%} of {judged.sum()}",
    }


def _folder(variant: Variant, options: argparse.Namespace) -> Path:
    folder: Path = options.output / variant.name.replace(" ", "-")
    return folder


if __name__ == "__main__":
    main()
