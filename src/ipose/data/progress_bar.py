"""The bar over a long reading or writing: on a terminal only, so that files and pipes hold no fragments of it."""

from collections.abc import Iterable
from typing import TypeVar

from tqdm.auto import tqdm

Item = TypeVar("Item")


def progress_bar(items: Iterable[Item], what: str, *, shown: bool = True, total: int | None = None) -> Iterable[Item]:
    """`items`, scenes all, one after the other, behind a bar that says what is done to them.

    Args:
        items: to go through.
        what: is done, in a few words.
        shown: on standard error, if that is a terminal; False = nowhere.
        total: number of items, where they do not know it.
    """
    return tqdm(items, desc=what, unit="scene", total=total, disable=None if shown else True, leave=False)
