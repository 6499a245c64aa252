"""Two kinds of claims in a contract: of the interface, and of the paper's method. A failed claim says which, in words.

    interface      any implementation keeps it, with whatever idea inside: shapes, gradients, what an input means
    paper_method   this module's formula or idea. An implementation that fails it is something else than the paper's

`pytest -k "not paper_method"` asks for the interface alone. `claims(contract)` lists both. `law` makes a claim for all
values of its arguments. A contract is as good as the wrong versions that it rejects: `failed_tests` runs it on one.
"""

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, ParamSpec, TypeVar

import pytest
import torch
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

SEEDS = st.integers(0, 2**32 - 1)
P = ParamSpec("P")
R = TypeVar("R")

Kind = Literal["interface", "paper_method"]


class Contract:
    """A class of claims. A subclass in a test file says what to judge."""

    implementation: ClassVar[Any]


@dataclass(frozen=True)
class Claim:
    """One claim of a contract.

    Args:
        kind: "interface" or "paper_method".
    """

    test: str
    kind: Kind
    words: str


def interface(test: Callable[P, R]) -> Callable[P, R]:
    """Mark a test as a claim of the interface. Stands right above `def`, below `law`."""
    return _marked(test, "interface", _name_in_words(test), "Any implementation keeps it; yours would not fit in.")


def paper_method(idea: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Mark a test as a claim of the paper's method. Stands right above `def`, below `law`.

    Args:
        idea: which idea it is, with its source: "one gamma for all channels (iPOSE sec. 3.2)".
    """
    advice = 'If you leave it on purpose, ask for the interface alone: pytest -k "not paper_method".'

    def decorate(test: Callable[P, R]) -> Callable[P, R]:
        return _marked(test, "paper_method", f"{_name_in_words(test)}: {idea}", advice)

    return decorate


def claims(contract: type) -> list[Claim]:
    """The claims of a contract class, with those that it inherits."""
    tests = inspect.getmembers(contract, lambda item: hasattr(item, "interface") or hasattr(item, "paper_method"))
    found: list[Claim] = []
    for name, test in tests:
        kind: Kind = "interface" if hasattr(test, "interface") else "paper_method"
        found.append(Claim(name, kind, getattr(test, kind)))
    return found


def _marked(test: Callable[P, R], kind: Kind, words: str, advice: str) -> Callable[P, R]:
    """The test with an attribute of the kind's name, which `pytest -k` selects by, and with words where it fails."""

    @functools.wraps(test)
    def said(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return test(*args, **kwargs)
        except Exception as error:  # whatever failed: it gets the claim's words, and goes on
            titles = {"interface": "of the interface", "paper_method": "of the paper's method"}
            error.add_note(f"A claim {titles[kind]} does not hold. {words}. {advice}")
            raise

    marked: Any = said
    setattr(marked, kind, words)
    return said


def _name_in_words(test: Callable[..., object]) -> str:
    words = test.__name__.removeprefix("test_").replace("_", " ")
    return words[:1].upper() + words[1:]


def failed_tests(contract: type, implementation: Any, **attributes: Any) -> set[str]:
    """Names of the contract's tests that this implementation fails. A law ends at its first counterexample.

    Args:
        contract: a contract class whose tests take no fixture but `device`.
        implementation: what to judge: a function, class or value.
        attributes: further class attributes of the contract.
    Example:
        >>> from ipose.testing.relaxed_emd_contract import RelaxedEMDContract
        >>> sorted(failed_tests(RelaxedEMDContract, lambda a, b: (a.mean() - b.mean()).square()))[0]
        'test_a_batch_is_the_mean_of_its_images'
    """
    held = staticmethod(implementation) if inspect.isfunction(implementation) else implementation
    case = type("Planted", (contract,), {"implementation": held, **attributes})()
    failed = set()
    for name, test in inspect.getmembers(type(case), inspect.isfunction):
        if name.startswith("test_"):
            try:
                getattr(test, "until_it_fails", test)(case, device=torch.device("cpu"))
            except (Exception, pytest.fail.Exception):
                failed.add(name)
    return failed


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
