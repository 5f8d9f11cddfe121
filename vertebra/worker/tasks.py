"""What the worker can do, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from .. import pipeline
from ..errors import VertebraError
from ..pipeline import Result, Search, Show
from ..runtime.progress import Progress
from .job import Job

Task = Callable[[Job, Progress, Show], Result]
"""Does a job; long work reports to the progress and so learns of a cancel."""


def label(job: Job, progress: Progress, _show: Show) -> Result:
    """Find and name the vertebrae of a scan."""
    model = job.options.get("model")
    return pipeline.label(job.volume, model=model, device=job.device, progress=progress)


def segment(job: Job, progress: Progress, show: Show) -> Result:
    """Segment all vertebrae of a scan, or only one anew."""
    options = job.options
    direction, model, only = (options.get(name) for name in ("direction", "model", "only"))
    if only is None:
        return pipeline.segment(
            job.volume,
            job.spine,
            search=Search(options["search"]) if options.get("search") else None,
            direction=direction,
            model=model,
            device=job.device,
            progress=progress,
            show=show,
        )
    if job.spine is None or job.labels is None:
        raise VertebraError("One vertebra alone needs points and masks; segment the scan first.")
    return pipeline.resegment(
        job.volume,
        job.labels,
        job.spine,
        int(only),
        direction=direction,
        model=model,
        device=job.device,
        progress=progress,
        show=show,
    )


TASKS: Mapping[str, Task] = {"label": label, "segment": segment}
