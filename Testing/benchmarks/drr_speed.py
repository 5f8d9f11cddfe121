"""How fast and how exact views are rendered, beside DiffDRR (pip install diffdrr==0.6.1).

Both render the same views on the processor. The truth is an ellipsoid's chord length by formula;
errors are relative, L2 over the image. Run: python Testing/benchmarks/drr_speed.py
"""

from __future__ import annotations

import argparse
import platform
import statistics
import time
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from vertebra.methods.multiview.drr import render
from vertebra.methods.multiview.geometry import View, views_around
from vertebra.volume import Grid

CENTRE, RADII = np.array([5.0, -8.0, 4.0]), np.array([110.0, 80.0, 200.0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--spacing", type=float, default=2.5, help="voxels and pixels, mm")
    parser.add_argument("--views", type=int, default=3)
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    volume, grid = ellipsoid(options.spacing)
    frame = (int(480 / options.spacing), int(320 / options.spacing))
    views = views_around(
        (0, 0, 0), options.views, distance=1500, pixel=options.spacing, shape=frame
    )
    truth = torch.from_numpy(np.array([chords(view) for view in views])).float()
    print(f"{platform.processor() or platform.machine()}, {torch.get_num_threads()} threads,")
    print(f"volume {grid.shape} at {options.spacing} mm, {len(views)} views of {frame} pixels\n")
    ways = {"vertebra": lambda: render(volume, grid, views)}
    ways.update(diffdrr(volume, grid, views))
    seconds = {}
    for name, way in ways.items():
        seconds[name], image = timed(way, options.repeat)
        error = float((image - truth).norm() / truth.norm())
        share = seconds[name] / seconds["vertebra"]
        print(
            f"{name:28} {1000 * seconds[name] / len(views):9.1f} ms a view   x{share:6.1f}"
            f"   error {100 * error:5.2f} %   sum {float(image.sum() / truth.sum()):.4f}"
        )


def ellipsoid(spacing: float) -> tuple[Tensor, Grid]:
    """Ones inside the ellipsoid, shares at its surface."""
    shape = tuple(int(size / spacing) for size in (320, 280, 480))
    grid = Grid.of(shape, (spacing,) * 3, [-(n - 1) / 2 * spacing for n in shape])
    volume = np.zeros(shape, dtype=np.float32)
    parts = (np.arange(3) - 1) / 3 * spacing
    axes = [grid.origin[a] + np.arange(n) * spacing for a, n in enumerate(shape)]
    for shift in np.stack(np.meshgrid(parts, parts, parts), -1).reshape(-1, 3):
        x, y, z = (((axis + s - c) / r) ** 2 for axis, s, c, r in zip(axes, shift, CENTRE, RADII))
        volume += (x[:, None, None] + y[:, None] + z < 1) / 27
    return torch.from_numpy(volume), grid


def chords(view: View) -> np.ndarray:
    """The length of each ray inside the ellipsoid."""
    rays, start = targets(view)[1] / RADII, (view.source - CENTRE) / RADII
    a, b, c = (rays**2).sum(-1), rays @ start, start @ start - 1
    return 2 * np.sqrt(np.maximum(b**2 - a * c, 0)) / a


def targets(view: View) -> tuple[np.ndarray, np.ndarray]:
    """Where rays end behind the volume, and their directions."""
    pixels = np.stack(np.meshgrid(*map(np.arange, view.shape), indexing="ij"), axis=-1)
    rays = view.ray(pixels)
    return view.source + 2 * view.distance * rays, rays


def diffdrr(volume: Tensor, grid: Grid, views: list[View]) -> dict[str, Callable[[], Tensor]]:
    """DiffDRR's renderers on the same rays."""
    try:
        from diffdrr.renderers import Siddon, Trilinear
    except ImportError:
        print("DiffDRR is not installed; only our own figures follow.")
        return {}

    def rendered(renderer: torch.nn.Module, **options: int) -> Tensor:
        images = []
        for view in views:
            ends = torch.from_numpy(grid.to_index(targets(view)[0])).float()
            start = torch.from_numpy(grid.to_index(view.source)).float()[None, None]
            rows = []
            for part in ends.split(16):  # in strips, or it needs tens of gigabytes
                end = part.reshape(1, -1, 3)
                length = torch.full((1, 1, end.shape[1]), 2 * view.distance)
                with torch.inference_mode():
                    rows.append(
                        renderer(volume, start, end, length, **options).view(part.shape[:2])
                    )
            images.append(torch.cat(rows))
        return torch.stack(images)

    return {
        "DiffDRR Siddon (exact)": lambda: rendered(Siddon()),
        "DiffDRR trilinear, 150 points": lambda: rendered(Trilinear(), n_points=150),
        "DiffDRR trilinear, 500 points": lambda: rendered(Trilinear(), n_points=500),
    }


def timed(way: Callable[[], Tensor], repeat: int) -> tuple[float, Tensor]:
    """The median time, and the result."""
    image, times = way(), []
    for _ in range(repeat):
        start = time.perf_counter()
        image = way()
        times.append(time.perf_counter() - start)
    return statistics.median(times), image


if __name__ == "__main__":
    main()
