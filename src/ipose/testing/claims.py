"""Two kinds of claims in a contract: of the interface, and of the paper's method. A failed claim says which, in words.

    interface      any implementation keeps it, with whatever idea inside: shapes, gradients, what an input means
    paper_method   this module's formula or idea. An implementation that fails it is something else than the paper's

`pytest -k "not paper_method"` asks for the interface alone. `claims(contract)` lists both.
"""

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

Kind = Literal["interface", "paper_method"]


@dataclass(frozen=True)
class Claim:
    """One claim of a contract.

    Args:
        test: name of the test.
        kind: "interface" or "paper_method".
        words: what is claimed.
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
