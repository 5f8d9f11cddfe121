"""The worker's side: takes jobs from stdin one after the other and answers with events."""

from __future__ import annotations

import json
import os
import queue
import shutil
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

from ..errors import Cancelled, VertebraError
from ..pipeline import Look, News, Piece
from ..runtime.progress import Progress
from ..spine import to_json
from .job import Job
from .result import piece_message, result_message
from .shown import Shown
from .tasks import TASKS, Task


def serve(tasks: Mapping[str, Task] = TASKS) -> None:
    """Work until stdin ends, which it does when the parent dies."""
    Server(tasks, _own_stdout()).run(sys.stdin)


class Server:
    """Runs one job at a time in the main thread, while a second thread listens."""

    def __init__(self, tasks: Mapping[str, Task], events: TextIO) -> None:
        self._tasks = tasks
        self._events = events
        self._writing = threading.Lock()
        self._waiting: queue.Queue[dict[str, Any]] = queue.Queue()
        self._running: dict[int, Progress] = {}
        self._folders: dict[int, Path] = {}

    def run(self, requests: TextIO) -> None:
        """Answer requests for ever."""
        threading.Thread(target=self._listen, args=(requests,), daemon=True).start()
        self._say({"event": "ready"})
        while True:
            self.work()

    def hear(self, line: str) -> None:
        """Take one request: a job waits for its turn, a cancel reaches the running one."""
        message = json.loads(line)
        number = int(message["job"])
        if message["do"] == "run":
            self._folders[number] = Path(message["folder"])
            self._running[number] = self._progress(number)
            self._waiting.put(message)
        elif number in self._running:
            self._running[number].cancel()

    def work(self) -> None:
        """Wait for a job and do it."""
        self._answer(self._waiting.get())

    def _listen(self, requests: TextIO) -> None:
        for line in requests:
            self.hear(line)
        # the parent is gone: nobody wants what is being computed, nor a patient's scan left behind
        for folder in list(self._folders.values()):
            shutil.rmtree(folder, ignore_errors=True)
        os._exit(0)

    def _progress(self, number: int) -> Progress:
        def say(fraction: float, text: str) -> None:
            self._say({"event": "progress", "job": number, "fraction": fraction, "text": text})

        return Progress(say)

    def _answer(self, message: dict[str, Any]) -> None:
        number = int(message["job"])
        try:
            job = Job.from_message(message)
            progress = self._running[number]
            task = self._tasks[job.task]
            folder = Path(message["folder"])
            shown = Shown(lambda news: self._say_shown(number, news, folder))
            result = task(job, progress, shown.show)
            progress.check()
            if result.labels is not None and job.options.get("only") is None:
                shown.settle(result.labels)
            self._say({"event": "result", "job": number, **result_message(result, folder)})
        except Cancelled:
            self._say({"event": "cancelled", "job": number})
        except VertebraError as error:
            self._say({"event": "error", "job": number, "sentence": str(error)})
        except ModuleNotFoundError as error:
            sentence = (
                f"The Python package '{error.name}' is missing; in Slicer install the extension "
                f"'PyTorch', elsewhere run: pip install {error.name}."
            )
            self._say({"event": "error", "job": number, "sentence": sentence})
        except MemoryError:
            sentence = "There is not enough memory for this scan; close other programs or crop it."
            self._say({"event": "error", "job": number, "sentence": sentence})
        except Exception as error:
            sentence = f"This is a fault in Vertebra, please report it: {error!r}"
            self._say({"event": "error", "job": number, "sentence": sentence})
        finally:
            del self._running[number], self._folders[number]

    def _say_shown(self, number: int, news: News, folder: Path) -> None:
        """Tell of the spine so far, of one vertebra that has been drawn, or of a look."""
        if isinstance(news, Piece):
            self._say({"event": "drawn", "job": number, **piece_message(news, folder)})
        elif isinstance(news, Look):
            where = {"centre": news.centre, "size": news.size}
            self._say({"event": "looked", "job": number, **where})
        else:
            self._say({"event": "found", "job": number, "spine": to_json(news)})

    def _say(self, event: dict[str, Any]) -> None:
        with self._writing, suppress(BrokenPipeError):
            self._events.write(json.dumps(event) + "\n")
            self._events.flush()


def _own_stdout() -> TextIO:
    """Stdout for events alone: whatever a library prints goes to stderr from now on."""
    events = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8", newline="\n")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return events
