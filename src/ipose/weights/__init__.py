"""Trained models that come with the package: small ones, for PartWorld. Wherever a model is asked for, a name will do.

partworld    iPOSE at 96x96 for all categories of PartWorld: `IPose.from_pretrained("partworld")`, `--model partworld`
"""

from pathlib import Path

BUNDLED = ("partworld",)


def bundled(name: str | Path) -> Path | None:
    """The folder of the bundled model of this name. None = there is no such model."""
    return Path(__file__).parent / name if str(name) in BUNDLED else None
