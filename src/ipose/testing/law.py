"""`law`: a hypothesis test that a contract class can hand down to its subclasses."""

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings

_UNTIL_IT_FAILS = (Phase.explicit, Phase.generate)
"""Without shrinking: the first counterexample ends the test."""


def law(share: float = 1.0, /, **strategies: Any) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """`hypothesis.given` for a method that subclasses inherit.

    A contract is run by many subclasses (reference, fast version, a stranger's), which hypothesis flags as "differing
    executors"; for a contract that is the point. Deadlines are off: torch's first call in a process is slow.

    The test's attribute `until_it_fails` is the same test for `failed_tests`: its first counterexample ends it, and no
    smaller one is looked for.

    Args:
        share: of the examples that the profile asks for. Less than 1 where one of them takes long: then a failing one
            is shown as it is, not as the smallest that fails.
        strategies: by the names of the test's arguments.
    """

    def decorate(test: Callable[..., None]) -> Callable[..., None]:
        slow: dict[str, Any] = {}
        if share < 1:
            slow = {"max_examples": max(1, round(share * settings().max_examples)), "phases": _UNTIL_IT_FAILS}
        quiet = settings(suppress_health_check=[HealthCheck.differing_executors], deadline=None, **slow)
        decorated: Any = quiet(given(**strategies)(test))
        decorated.until_it_fails = settings(quiet, phases=_UNTIL_IT_FAILS)(given(**strategies)(test))
        law_test: Callable[..., None] = decorated
        return law_test

    return decorate
