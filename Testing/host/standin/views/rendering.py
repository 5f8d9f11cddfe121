"""Which views are to be rendered: one a turn of the event loop, so that clicks go between."""

from __future__ import annotations

from typing import Any

import qt

_waiting: list[Any] = []
_timer = qt.QTimer()


def request(view: Any) -> None:
    """Render a view soon, once however often it is asked for."""
    if view not in _waiting:
        _waiting.append(view)
    if not _timer.active:
        _timer.start()


def pending() -> bool:
    """Is a view waiting?"""
    return bool(_waiting)


def _render_one() -> None:
    view = _waiting.pop(0)
    view.render_now()
    if not _waiting:
        _timer.stop()


_timer.setInterval(0)
_timer.connect("timeout()", _render_one)
