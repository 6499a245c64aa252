"""Random generators from seeds and names, so that a scene's random numbers are the same in any batch."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import torch


def named_generator(seed: int, name: str) -> torch.Generator:
    """A CPU generator that depends only on seed and name.

    Args:
        seed: any integer.
        name: of the scene.
    """
    digest = hashlib.sha256(f"{seed}/{name}".encode("utf-8", "surrogateescape")).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "little") >> 1)


def seed_of(*purpose: int | str) -> int:
    """A 63-bit seed that depends on every part of `purpose` and on nothing else; the same on every machine.

    Example:
        >>> seed_of(0, "order", 1) == seed_of(0, "order", 1), seed_of(0, "order", 1) == seed_of(0, "order", 2)
        (True, False)
    """
    digest = hashlib.blake2b(repr(purpose).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


def generator_of(*purpose: int | str) -> torch.Generator:
    """A CPU generator seeded by `seed_of(*purpose)`."""
    return torch.Generator().manual_seed(seed_of(*purpose))


@contextmanager
def kept_random_state() -> Iterator[None]:
    """Restore torch's global CPU random state at the end."""
    state = torch.get_rng_state()
    try:
        yield
    finally:
        torch.set_rng_state(state)
