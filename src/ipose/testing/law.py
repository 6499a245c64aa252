"""`law`: a hypothesis test that a contract class can hand down to its subclasses."""

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, settings


def law(**strategies: Any) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """`hypothesis.given` for a method that subclasses inherit.

    A contract is run by many subclasses (reference, fast version, a stranger's), which hypothesis flags as "differing
    executors"; for a contract that is the point. Deadlines are off: torch's first call in a process is slow.
    """

    def decorate(test: Callable[..., None]) -> Callable[..., None]:
        quiet = settings(suppress_health_check=[HealthCheck.differing_executors], deadline=None)
        decorated: Callable[..., None] = quiet(given(**strategies)(test))
        return decorated

    return decorate
