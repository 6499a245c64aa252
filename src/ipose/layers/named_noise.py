"""Random numbers of a scene: from (seed, name), so that the same seed gives the same image whatever batch it is in."""

import hashlib

import torch


def named_generator(seed: int, name: str) -> torch.Generator:
    """A CPU generator that depends on nothing but these two.

    Args:
        seed: any integer.
        name: of the scene.
    """
    digest = hashlib.sha256(f"{seed}/{name}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "little") >> 1)
