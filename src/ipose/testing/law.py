"""`law`: a hypothesis test that a contract class can hand down to its subclasses."""

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings


def law(**strategies: Any) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """`hypothesis.given` for a method that subclasses inherit.

    A contract is run by many subclasses (reference, fast version, a stranger's), which hypothesis flags as "differing
    executors"; for a contract that is the point. Deadlines are off: torch's first call in a process is slow.

    The test's attribute `until_it_fails` is the same test for `failed_tests`: its first counterexample ends it, and no
    smaller one is looked for.
    """
    quiet = settings(suppress_health_check=[HealthCheck.differing_executors], deadline=None)
    first = settings(quiet, phases=[Phase.explicit, Phase.generate])

    def decorate(test: Callable[..., None]) -> Callable[..., None]:
        decorated: Any = quiet(given(**strategies)(test))
        decorated.until_it_fails = first(given(**strategies)(test))
        law_test: Callable[..., None] = decorated
        return law_test

    return decorate
