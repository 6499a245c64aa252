"""Splitting images that come without a split of ours: the same names always give the same split."""

import hashlib
from collections.abc import Iterable

VALIDATION_SHARE = 0.2
"""iPOSE suppl. A: the images of Pascal are pooled, 80 % to train on and 20 % to validate."""


def pooled_split(names: Iterable[str], *, share: float = VALIDATION_SHARE) -> dict[str, str]:
    """ "train" or "val" for each name: the `share` of names whose hashes are lowest validates.

    It does not depend on the order of the names, nor on the machine. The paper does not say which images its fifth is.

    Example:
        >>> pooled_split(["a", "b", "c", "d", "e"])
        {'a': 'train', 'b': 'train', 'c': 'train', 'd': 'val', 'e': 'train'}
    """
    names = list(names)
    ranked = sorted(names, key=lambda name: hashlib.sha256(name.encode()).digest())
    validating = set(ranked[: round(share * len(ranked))])
    return {name: "val" if name in validating else "train" for name in names}
