"""What pre-training, the Sequence Loss and the bone channel bring: the paper's Table 2, made small.

Five variants learn equally long from the same exposures, with the same seeds, and label the same
unseen phantoms. So that they fit into an hour of one processor core, frames and networks are small:
the differences between rows count, not their height. Whatever is done already is not done again:
python Testing/benchmarks/multiview_ablation.py --exposures DIR -o OUT
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from multiview_records import WAYS, Record, evaluation, measured, way_share
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from vertebra.errors import VertebraError
from vertebra.methods.multiview import learning
from vertebra.methods.multiview.configuration import COMPACT, Configuration
from vertebra.methods.multiview.exposures import ENDING, OPTICS, made_with
from vertebra.methods.multiview.inference import Localizer
from vertebra.runtime import Progress, replacing, write_text
from vertebra.training import checkpoints
from vertebra.training.examples import Example, phantom, phantom_name
from vertebra.training.schedule import Schedule

UNSEEN = 5_300_000
"""The first seed of the phantoms that are labelled; nothing else uses them."""
SEED = 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--exposures", type=Path, required=True, help="of COMPACT; only read")
    parser.add_argument("-o", "--out", type=Path, required=True, help="a folder to go on in")
    parser.add_argument("--scans", type=int, default=120, help="how many scans to learn from")
    parser.add_argument("--iterations", type=int, default=600)
    parser.add_argument("--pretraining", type=int, default=150)
    parser.add_argument("--batch", type=int, default=12)
    parser.add_argument("--frame", type=int, nargs=2, default=(128, 64), help="rows and columns")
    parser.add_argument("--channels", type=float, default=0.5, help="share of COMPACT's channels")
    parser.add_argument(
        "--only", nargs="+", help="some variants by their titles, such as 'all parts'"
    )
    parser.add_argument("--phantoms", type=int, default=12, help="how many unseen ones to label")
    options = parser.parse_args()
    torch.set_num_threads(1)
    full = smaller(options, views_of(options.exposures))
    refuse_other_settings(full, options.out / "settings.json")
    attenuation = replace(full, optics=replace(full.optics, channels=("attenuation",)))
    variants = {
        "all parts": (full, True),
        "without pre-training": (full, False),
        "without Sequence Loss": (replace(full, gamma=0.0), True),
        "without both": (replace(full, gamma=0.0), False),
        "without bone channel": (attenuation, True),
    }
    localizers = []
    for title, (configuration, pretrained) in variants.items():
        if options.only and title not in options.only:
            continue
        exposures = cropped(options.exposures, options.scans, configuration, options.out)
        localizers.append(trained(title, configuration, pretrained, exposures, options.out))
    records = labelled(localizers, options.phantoms, options.out / "records")
    print(table(localizers, records))
    for localizer in localizers[1:]:
        print(against(localizers[0].weights, localizer.weights, records))


def views_of(source: Path) -> int:
    """How many views of each part the exposures hold."""
    first = min(source.glob(f"*{ENDING}"))
    with safe_open(first, "pt") as file:
        return int(json.loads(file.metadata()[OPTICS])["views"])


def smaller(options: argparse.Namespace, views: int) -> Configuration:
    """COMPACT with the middle of its frames and fewer channels, trained briefly."""
    widths = COMPACT.widths

    def narrowed(channels: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(max(8, round(each * options.channels)) for each in channels)

    return replace(
        COMPACT,
        name="ablation",
        optics=replace(COMPACT.optics, frame=tuple(options.frame), views=views),
        widths=replace(
            widths,
            stem=narrowed((widths.stem,))[0],
            encoder=narrowed(widths.encoder),
            decoder=narrowed(widths.decoder),
        ),
        pretraining=replace(
            COMPACT.pretraining, iterations=options.pretraining, batch=options.batch
        ),
        training=replace(
            COMPACT.training, iterations=options.iterations, batch=options.batch, warm_up=50
        ),
    )


def refuse_other_settings(configuration: Configuration, kept: Path) -> None:
    """Go on with the settings of the first run only, or old and new results would mix."""
    settings = json.dumps(configuration.to_dict(), indent=1)
    if not kept.exists():
        write_text(kept, settings)
    if kept.read_text(encoding="utf-8") != settings:
        raise VertebraError(f"'{kept.parent}' was begun with other settings; choose another one.")


def cropped(source: Path, count: int, configuration: Configuration, out: Path) -> Path:
    """A folder with the middle of the frames, and the configuration's channels, of some scans."""
    channels = configuration.optics.channels
    target = out / "exposures" / "-".join(channels)
    names = listed(source, count, out / "scans.json")
    for name in names:
        if (target / name).exists():
            continue
        exposures = load_file(source / name)
        exposures |= middle(exposures, configuration.optics.frame)
        exposures["images"] = exposures["images"][:, : len(channels)].contiguous()
        with replacing(target / name) as temporary:
            save_file(exposures, temporary, {OPTICS: made_with(configuration.optics)})
    return target


def listed(source: Path, count: int, kept: Path) -> list[str]:
    """The first scans of the folder; it may grow, so that the first run's list counts."""
    if not kept.exists():
        names = sorted(file.name for file in source.glob(f"*{ENDING}"))[:count]
        write_text(kept, json.dumps(names))
    return list(json.loads(kept.read_text(encoding="utf-8")))


def middle(exposures: Mapping[str, Tensor], frame: tuple[int, int]) -> dict[str, Tensor]:
    """The middle of all images, with the vertebrae's places in it."""
    images = exposures["images"]
    spare = [have - want for have, want in zip(images.shape[-2:], frame)]
    top, left = (each // 2 for each in spare)
    points = exposures["points"] - torch.tensor([top, left], dtype=torch.float32)
    size = torch.tensor(frame)
    shown = ((points > -0.5) & (points < size - 0.5)).all(-1)
    return {
        "images": images[..., top : top + frame[0], left : left + frame[1]],
        "points": points,
        "present": exposures["present"] & shown,
    }


def trained(
    title: str, configuration: Configuration, pretrained: bool, exposures: Path, out: Path
) -> Localizer:
    """The localizer of a variant, learned now unless it was learned before."""
    encoder = out / "pretraining" / "-".join(configuration.optics.channels)
    folder = out / "training" / title.replace(" ", "-")
    progress = told(title)
    if pretrained and not done(encoder, configuration.pretraining):
        torch.manual_seed(SEED)
        resume = (encoder / checkpoints.STATE).exists()
        learning.pretrain(
            exposures, configuration, encoder, resume=resume, device="cpu", progress=progress
        )
    if not done(folder, configuration.training):
        torch.manual_seed(SEED)
        learning.train(
            exposures,
            configuration,
            folder,
            encoder=encoder if pretrained else None,
            resume=(folder / checkpoints.STATE).exists(),
            device="cpu",
            progress=progress,
        )
    network = learning.trained_network(folder, configuration)
    configuration = replace(
        configuration, optics=replace(configuration.optics, views=COMPACT.optics.views)
    )
    return Localizer.of(network, configuration, weights=title)


def done(folder: Path, schedule: Schedule) -> bool:
    """Whether a training has come to its end."""
    if not (folder / checkpoints.STATE).exists():
        return False
    return int(checkpoints.read_state(folder)["step"]) >= schedule.iterations


def told(title: str) -> Progress:
    """A progress that prints a line now and then."""

    def tell(fraction: float, message: str) -> None:
        number = message.rsplit(" ", 1)[-1]
        if number.isdigit() and int(number) % 100 == 0:
            print(f"{title}: {message}, {fraction:.0%}", flush=True)

    return Progress(tell)


def labelled(localizers: Sequence[Localizer], count: int, folder: Path) -> list[Record]:
    """The records of all variants on the unseen phantoms."""
    records = []
    for seed in range(UNSEEN, UNSEEN + count):
        files = [folder / f"{phantom_name(seed)}-{each.weights}.json" for each in localizers]
        lacking = [each for each, file in zip(localizers, files) if not file.exists()]
        if lacking:
            made = measured(partial(made_phantom, seed), lacking)
            for record in made:
                record.write(folder / f"{record.name}-{record.model}.json")
        records += [Record.read(file) for file in files]
    return records


def made_phantom(seed: int) -> tuple[Example, tuple[str, ...]]:
    """An unseen phantom."""
    return phantom(seed, COMPACT.optics.pixel), ()


def table(localizers: Sequence[Localizer], records: Sequence[Record]) -> str:
    """The share of vertebrae named rightly: variants in rows, ways of naming in columns."""
    lines = ["| trained with | " + " | ".join((*WAYS, "decoder")) + " | error, mm |"]
    lines.append("|---" * (len(WAYS) + 3) + "|")
    for localizer in localizers:
        mine = [record for record in records if record.model == localizer.weights]
        total = evaluation(mine).total
        error = total.error_identified
        shares = [way_share(mine, way) for way in WAYS] + [total.identification_rate or 0.0]
        cells = [f"{share:.1%}" for share in shares]
        cells.append("–" if error is None else f"{error.mean:.2f}")
        lines.append(f"| {localizer.weights} | " + " | ".join(cells) + " |")
    vertebrae = sum(len(record.reference) for record in mine)
    return "\n".join([*lines, "", f"{len(mine)} unseen phantoms, {vertebrae} vertebrae"])


def against(one: str, other: str, records: Sequence[Record]) -> str:
    """What `one` names rightly more than `other`, and between what that lies by drawing scans."""
    mine, theirs = ([each for each in records if each.model == model] for model in (one, other))
    counts = np.array([len(record.reference) for record in mine])
    drawn = np.random.default_rng(SEED).integers(len(mine), size=(4000, len(mine)))
    parts = []
    for way in (*WAYS, "decoder"):
        gains = 100 * counts * [rightly(a, way) - rightly(b, way) for a, b in zip(mine, theirs)]
        low, high = np.quantile(gains[drawn].sum(1) / counts[drawn].sum(1), [0.025, 0.975])
        mean = gains.sum() / counts.sum()
        parts.append(f"{way} {mean:+.1f} points ({low:+.1f} to {high:+.1f})")
    return f"{one} against {other}: {', '.join(parts)}"


def rightly(record: Record, way: str) -> float:
    """The share of a scan's vertebrae that is named rightly in some way."""
    if way == "decoder":
        return evaluation([record]).total.identification_rate or 0.0
    return way_share([record], way)


if __name__ == "__main__":
    main()
