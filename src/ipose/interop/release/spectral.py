"""Convolutions of G and D: plain ones, and ones under spectral norm, whose vectors u and v are kept as they are.

The release divides `weight_orig` by u . (W v); torch's parametrisation does the same with `original`, `_u` and `_v`, so
that outputs do not change.
"""

from collections.abc import Iterator

from ipose.interop.release.entries import Entry

_SPECTRAL = {
    "weight_orig": "parametrizations.weight.original",
    "weight_u": "parametrizations.weight.0._u",
    "weight_v": "parametrizations.weight.0._v",
}


def plain(release: str, ours: str) -> Iterator[Entry]:
    """Weight and bias of one layer."""
    yield from (Entry(f"{release}.{name}", (f"{ours}.{name}",)) for name in ("weight", "bias"))


def spectral(release: str, ours: str, *, bias: bool = True) -> Iterator[Entry]:
    """Weight, u, v and bias of one layer under spectral norm."""
    for theirs, mine in {**_SPECTRAL, **({"bias": "bias"} if bias else {})}.items():
        yield Entry(f"{release}.{theirs}", (f"{ours}.{mine}",))
