"""What ails a spine: fractures, lesions, bridging, worn discs, implants; drawn as numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .form import Fracture

METAL_TITANIUM, METAL_STEEL, METAL_CEMENT, METAL_PEEK = 1, 2, 3, 4
"""Codes of implant materials."""


@dataclass(frozen=True)
class Lesion:
    """A round metastasis in a vertebra: centre as shares of the half sizes, radius in mm."""

    level: str
    centre: tuple[float, float, float]
    radius: float
    density: float
    """Factor on trabecular HU: below 1 lytic, above 1 sclerotic."""


@dataclass(frozen=True)
class Bridge:
    """Ossified ligament or bridging osteophytes across the disc below a level."""

    level: str
    angle: float
    """Where around the body: 0 front, + right, radians; 3.14 is the posterior ligament."""
    thickness: float


@dataclass(frozen=True)
class Fusion:
    """Screws with rods over a run of levels, with cages in the discs between."""

    upper: str
    lower: str
    cages: bool
    material: int
    laminectomy: bool


@dataclass(frozen=True)
class Findings:
    """Everything of this kind in one subject."""

    fractures: tuple[tuple[str, Fracture], ...] = ()
    lesions: tuple[Lesion, ...] = ()
    bridges: tuple[Bridge, ...] = ()
    fusion: Fusion | None = None
    cement: tuple[str, ...] = ()
    hip_implants: tuple[int, ...] = ()
    """Sides with a hip prosthesis, +1 right."""
    worn_discs: tuple[tuple[str, float], ...] = ()
    """Discs below a level that lost a share of their height; vacuum or sclerosis come with it."""

    def fracture_of(self, level: str) -> Fracture | None:
        """The fracture of a level, if it has one."""
        return dict(self.fractures).get(level)


GRADES = {1: (0.20, 0.25), 2: (0.25, 0.40), 3: (0.40, 0.60)}
"""Genant's grades as lost shares of height."""


def draw_fracture(rng: np.random.Generator, grade: int | None = None) -> Fracture:
    """A fracture of a kind and grade, its heights within Genant's limits."""
    kind = ("wedge", "biconcave", "crush")[int(rng.choice(3, p=[0.55, 0.3, 0.15]))]
    grade = grade or int(rng.choice([1, 2, 3], p=[0.45, 0.35, 0.2]))
    low, high = GRADES[grade]
    lost = float(rng.uniform(low, high))
    rest = float(rng.uniform(0, 0.25)) * lost
    if kind == "wedge":
        return Fracture(kind, grade, 1 - lost, 1 - 0.75 * lost, 1 - rest)
    if kind == "biconcave":
        return Fracture(kind, grade, 1 - rest, 1 - lost, 1 - rest)
    return Fracture(kind, grade, 1 - lost, 1 - lost, 1 - 0.9 * lost)


def draw_findings(names: list[str], age: float, rng: np.random.Generator) -> Findings:
    """The findings of a subject of this age; most have few."""
    frail = min(max((age - 45) / 45, 0.02), 1.0)
    bodies = [name for name in names if name not in ("C1", "C2", "S1")]
    likely = np.array([_RISK.get(name, 0.15) for name in bodies])
    likely = likely / likely.sum()

    def some(count: int) -> list[str]:
        return [str(name) for name in rng.choice(bodies, count, replace=False, p=likely)]

    fractures: tuple[tuple[str, Fracture], ...] = ()
    if rng.random() < 0.6 * frail:
        fractures = tuple((name, draw_fracture(rng)) for name in some(int(rng.integers(1, 5))))
    lesions: tuple[Lesion, ...] = ()
    if rng.random() < 0.10:
        lesions = tuple(
            Lesion(
                bodies[int(rng.integers(len(bodies)))],
                (
                    float(rng.uniform(-0.6, 0.6)),
                    float(rng.uniform(-0.7, 0.6)),
                    float(rng.uniform(-0.5, 0.5)),
                ),
                float(rng.uniform(3, 11)),
                float(rng.choice([rng.uniform(0.1, 0.5), rng.uniform(2.5, 7)])),
            )
            for _ in range(int(rng.integers(1, 9)))
        )  # fmt: skip
    bridges: tuple[Bridge, ...] = ()
    if rng.random() < 0.25 * frail:
        first, count = int(rng.integers(3, len(bodies) - 3)), int(rng.integers(1, 8))
        angle = float(rng.normal(0.5, 0.4)) if rng.random() < 0.85 else np.pi
        bridges = tuple(
            Bridge(name, angle + float(rng.normal(0, 0.15)), float(rng.uniform(1.5, 4)))
            for name in bodies[first : first + count]
        )
    worn = tuple(
        (name, float(rng.uniform(0.25, 0.8)))
        for name in bodies
        if rng.random() < 0.16 * frail * (1.6 if name in ("L4", "L5", "C5", "C6") else 1.0)
    )
    fusion = _draw_fusion(bodies, rng) if rng.random() < 0.07 else None
    cement = tuple(name for name, _ in fractures if rng.random() < 0.15)
    hips = tuple(side for side in (-1, 1) if rng.random() < 0.05 * frail * 2)
    return Findings(fractures, lesions, bridges, fusion, cement, hips, worn)


_RISK = {"T7": 0.5, "T8": 0.5, "T6": 0.35, "T9": 0.3, "T11": 0.6, "T12": 1.0, "L1": 1.0, "L2": 0.5,
         "L3": 0.4, "L4": 0.4, "L5": 0.25, "T13": 0.8}  # fmt: skip


def _draw_fusion(bodies: list[str], rng: np.random.Generator) -> Fusion:
    starts = [i for i, name in enumerate(bodies) if name[0] in "TL"]
    count = int(rng.integers(2, 6))
    lowest = len(bodies) - 1
    end = lowest - int(rng.choice([0, 0, 0, 1, 2, 5]))
    first = max(end - count + 1, starts[0])
    material = METAL_TITANIUM if rng.random() < 0.85 else METAL_STEEL
    return Fusion(bodies[first], bodies[end], rng.random() < 0.5, material, rng.random() < 0.4)
