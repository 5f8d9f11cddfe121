"""Decode many simulated scans and print the figures of docs/results-chain.md as Markdown.

    python Testing/benchmarks/chain_decoding.py --picture docs/pictures/chain-confidence.png

The seeds here are not those that the decoder's settings were chosen on (1 to 499), nor the test's.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.stats import binomtest

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "Testing" / "engine")]

from simulated_candidates import (  # noqa: E402
    POPULATION,
    Localizer,
    Scan,
    draw_anomalies,
    draw_spine,
    localize,
    real_spines,
    seen_part,
)

from vertebra.anatomy import Anomaly  # noqa: E402
from vertebra.chain import Decoding, decode  # noqa: E402

DEMANDED = Localizer()
ENRICHED = dict.fromkeys(Anomaly, 0.15)


@dataclass(frozen=True)
class Decoded:
    """A scan and what the decoder made of it."""

    scan: Scan
    found: Decoding

    @property
    def named(self) -> dict[int, object]:
        return dict(zip(self.found.naming.candidates, self.found.naming.levels))

    @property
    def lost(self) -> bool:
        """Was a detected true vertebra rejected?"""
        return any(true and i not in self.named for i, true in enumerate(self.scan.truth))

    @property
    def wrong(self) -> bool:
        """Does a true vertebra carry a wrong level?"""
        return any(self.scan.truth[i] not in (None, level) for i, level in self.named.items())

    @property
    def false(self) -> bool:
        """Was a false candidate taken for a vertebra?"""
        return any(self.scan.truth[i] is None for i in self.named)

    @property
    def right(self) -> bool:
        """Every detected vertebra has its level and no false candidate is in the spine."""
        return not (self.lost or self.wrong or self.false)


def decode_many(
    scans: int,
    seed: int,
    localizer: Localizer = DEMANDED,
    rates: dict[Anomaly, float] = POPULATION,
    whole: bool = False,
    scoliosis: float | None = None,
) -> list[Decoded]:
    """Draw, localize and decode."""
    random = np.random.default_rng(seed)
    found = []
    for _ in range(scans):
        spine = draw_spine(random, draw_anomalies(random, rates), scoliosis)
        scan = localize(random, spine if whole else seen_part(random, spine), localizer)
        found.append(Decoded(scan, decode(scan.candidates)))
    return found


def share(cases: list[Decoded], what: str) -> float:
    """The share of cases of which something holds."""
    return float(np.mean([getattr(case, what) for case in cases])) if cases else float("nan")


def with_interval(cases: list[Decoded], what: str) -> str:
    """The share as a percentage, with Wilson's 95 % interval."""
    if not cases:
        return "none"
    right, n = share(cases, what), len(cases)
    low, high = proportion(round(right * n), n)
    return f"{right:.1%} ({100 * low:.1f} to {100 * high:.1f})"


def proportion(hits: int, of: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share."""
    found = binomtest(hits, of).proportion_ci(method="wilson")
    return float(found.low), float(found.high)


def calibration(
    cases: list[Decoded], bins: int = 10
) -> tuple[float, list[tuple[float, float, int]]]:
    """Expected calibration error over the true vertebrae, and the diagram's points."""
    pairs = [
        (vertebra.confidence or 0.0, case.scan.truth[index] is vertebra.level)
        for case in cases
        for index, vertebra in zip(case.found.naming.candidates, case.found.spine)
        if case.scan.truth[index]
    ]
    confidence, hit = np.array(pairs, dtype=float).T
    which = np.minimum((confidence * bins).astype(int), bins - 1)
    points = [
        (
            float(confidence[which == b].mean()),
            float(hit[which == b].mean()),
            int((which == b).sum()),
        )
        for b in range(bins)
        if (which == b).any()
    ]
    error = sum(abs(said - was) * count for said, was, count in points) / len(confidence)
    return float(error), points


def recall(cases: list[Decoded], anomaly: Anomaly) -> tuple[float, int]:
    """How often an anomaly in view is suspected, and of how many."""
    seen = [anomaly in c.found.suspected for c in cases if anomaly in c.scan.anomalies_in_view]
    return (float(np.mean(seen)) if seen else float("nan")), len(seen)


def named(cases: list[Decoded], anomaly: Anomaly) -> float:
    """How often an anomaly in view is not only suspected but part of the naming."""
    seen = [
        anomaly in c.found.spine.anomalies for c in cases if anomaly in c.scan.anomalies_in_view
    ]
    return float(np.mean(seen)) if seen else float("nan")


def false_alarms(cases: list[Decoded], anomaly: Anomaly) -> tuple[float, int]:
    """How often it is suspected in spines without any anomaly, and of how many."""
    usual = [anomaly in case.found.suspected for case in cases if not case.scan.spine.anomalies]
    return float(np.mean(usual)), len(usual)


def milliseconds(candidates: int = 30, repeats: int = 40) -> float:
    """Processor time of decoding one scan with this many candidates: the median scan, best run."""
    random = np.random.default_rng(900)
    times: list[float] = []
    while len(times) < 9:
        scan = localize(random, draw_spine(random))
        if len(scan.candidates) == candidates:
            runs = []
            for _ in range(repeats):
                start = time.process_time()
                decode(scan.candidates)
                runs.append(time.process_time() - start)
            times.append(min(runs))
    return 1000 * float(np.median(times))


READINGS = {
    "as the criterion says": DEMANDED,
    "landmarks recognised in 95 %": Localizer(sure_of_landmarks=True),
    "existence says nothing": Localizer(knows_existence=False),
    "errors cross regions as easily": Localizer(across_regions=1.0),
    "T13 and L6 unknown to the localizer": Localizer(knows_rare_levels=False),
    "position noise 3 mm": Localizer(noise=3.0),
    "right in 80 %": Localizer(right=0.8),
    "5 % of centres off by 6 mm more": Localizer(displaced=0.05),
}


def print_readings(scans: int) -> None:
    print("| localizer | anchored (decoder) | all right | anchored (truth) | all right | ECE |")
    print("|---|---|---|---|---|---|")
    for row, (name, localizer) in enumerate(READINGS.items()):
        cases = decode_many(scans, 5100 + row, localizer)
        says = [case for case in cases if case.found.spine.anchored_count]
        truly = [case for case in cases if case.scan.anchored]
        print(
            f"| {name} | {len(says)} | {with_interval(says, 'right')} | {len(truly)} "
            f"| {share(truly, 'right'):.1%} | {calibration(cases)[0]:.3f} |"
        )


def print_parts(cases: list[Decoded]) -> None:
    groups = {
        "all": cases,
        "anchored (decoder)": [case for case in cases if case.found.spine.anchored_count],
        "anchored (truth)": [case for case in cases if case.scan.anchored],
        "anchored (decoder), usual spine": [
            case
            for case in cases
            if case.found.spine.anchored_count and not case.scan.spine.anomalies
        ],
        "not anchored": [case for case in cases if not case.found.spine.anchored_count],
    }
    print("| spines | n | all right | a wrong level | a vertebra lost | a false one kept |")
    print("|---|---|---|---|---|---|")
    for name, group in groups.items():
        parts = " | ".join(f"{share(group, what):.1%}" for what in ("wrong", "lost", "false"))
        print(f"| {name} | {len(group)} | {with_interval(group, 'right')} | {parts} |")


def print_anomalies(scans: int) -> None:
    print("| view | anomaly | suspected | named | falsely suspected |")
    print("|---|---|---|---|---|")
    for view, seed in (("whole spine", 5002), ("4 to all vertebrae", 5003)):
        enriched = decode_many(scans, seed, rates=ENRICHED, whole=seed == 5002)
        usual = decode_many(scans, seed + 10, rates={}, whole=seed == 5002)
        for anomaly in Anomaly:
            rate, count = recall(enriched, anomaly)
            alarms, of = false_alarms(usual, anomaly)
            low, high = proportion(round(rate * count), count)
            seen = f"{rate:.1%} ({100 * low:.1f} to {100 * high:.1f}) of {count}"
            said = f"{named(enriched, anomaly):.1%}"
            print(f"| {view} | {anomaly.value} | {seen} | {said} | {alarms:.1%} of {of} |")


def decode_real(folder: Path, scans: int, localizer: Localizer = DEMANDED) -> list[Decoded]:
    """Decode real chains of body centres, as the scans cut them."""
    random = np.random.default_rng(3000)
    spines = real_spines(folder)
    drawn = [localize(random, spines[i % len(spines)], localizer) for i in range(scans)]
    return [Decoded(scan, decode(scan.candidates)) for scan in drawn]


def draw_reliability(points: list[tuple[float, float, int]], error: float, path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(4.2, 4.2), layout="constrained")
    axes.plot([0, 1], [0, 1], color="0.7", linewidth=1)
    said, was, count = np.array(points).T
    axes.plot(said, was, color="#1f6f8b", linewidth=1)
    axes.scatter(said, was, s=12 + 12 * np.log10(count) ** 2, color="#1f6f8b", zorder=3)
    for x, y, n in zip(said, was, count):
        axes.annotate(f"{n:.0f}", (x, y), (6, -10), textcoords="offset points", fontsize=7)
    axes.set(xlim=(0, 1.1), ylim=(-0.05, 1.05), xlabel="confidence", ylabel="share of right levels")
    axes.set_title(f"Confidence of a level, ECE {error:.3f}", fontsize=10)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=130)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scans", type=int, default=8000)
    parser.add_argument("--picture", type=Path)
    parser.add_argument("--verse", type=Path, help="the folder verse_centroids")
    options = parser.parse_args()
    cases = decode_many(options.scans, 5001)
    print_parts(cases)
    error, points = calibration(cases)
    print(f"\nECE {error:.4f}\n\n| confidence | right | vertebrae |\n|---|---|---|")
    for said, was, count in points:
        print(f"| {said:.3f} | {was:.3f} | {count} |")
    if options.picture:
        draw_reliability(points, error, options.picture)
    print()
    print_readings(options.scans // 4)
    print()
    print_anomalies(options.scans // 4)
    print()
    severe = decode_many(options.scans // 20, 5004, whole=True, scoliosis=30.0)
    right = with_interval(severe, "right")
    print(f"Scoliosis of 60 degrees, {len(severe)} whole spines: all right {right}\n")
    if options.verse:
        real = decode_real(options.verse, 5 * 113)
        print("Real chains of body centres (113 VerSe'20 scans, five times each):\n")
        print_parts(real)
        print(f"\nECE {calibration(real)[0]:.3f}")
    print(f"\n30 candidates: {milliseconds():.1f} ms of one core")


if __name__ == "__main__":
    main()
