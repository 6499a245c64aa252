from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image


@pytest.fixture(autouse=True)
def cache_in_tmp(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test writes to the user's cache folder."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture
def repaint() -> Callable[..., None]:
    """Change one pixel of an index PNG in place: repaint(path, (row, column), id)."""

    def change(path: Path, place: tuple[int, int], value: int) -> None:
        with Image.open(path) as image:
            image.load()
            image.putpixel((place[1], place[0]), value)
            image.save(path)

    return change
