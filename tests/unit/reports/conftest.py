"""Fixtures of the small world."""

from helpers.small_world import scene, spec, supports

__all__ = ["scene", "spec", "supports"]
