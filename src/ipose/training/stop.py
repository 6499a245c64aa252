"""Ctrl-C and SIGTERM as a request: the loop finishes its step, saves, and says how to go on. Imports no torch."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


class StopRequest:
    """True once a signal has asked the training to stop. A second signal raises KeyboardInterrupt."""

    def __init__(self, say: Callable[[str], object]) -> None:
        self.say = say
        self.signal: str | None = None

    def __bool__(self) -> bool:
        return self.signal is not None

    def __call__(self, number: int, _: FrameType | None) -> None:
        """Record the signal. Raises KeyboardInterrupt for the second one."""
        if self.signal is not None:
            raise KeyboardInterrupt
        self.signal = "Ctrl-C" if number == signal.SIGINT else signal.Signals(number).name
        self.say(f"{self.signal}: finishing this step, then saving. Once more stops at once, without saving.")


@contextmanager
def listening(say: Callable[[str], object]) -> Iterator[StopRequest]:
    """Turn SIGINT and SIGTERM into a request. One who listens around this hears of it, too, at the end.

    Outside the main thread, Python receives no signals, so none comes.
    """
    request = StopRequest(say)
    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    old: dict[int, Any] = {number: signal.signal(number, request) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield request
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)
            if isinstance(handler, StopRequest):
                handler.signal = handler.signal or request.signal
