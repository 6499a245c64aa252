"""Trained models that come with the package: small ones, for PartWorld. Wherever a model is asked for, a name will do.

partworld    iPOSE at 96x96 for all categories of PartWorld: `IPose.from_pretrained("partworld")`, `--model partworld`
"""

from pathlib import Path


def bundled(name: str | Path) -> Path | None:
    """The folder of the bundled model of this name. None = there is no such model."""
    folder = Path(__file__).parent / name
    return folder if folder.parent == Path(__file__).parent and (folder / "config.json").is_file() else None
