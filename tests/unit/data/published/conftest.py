import pytest


@pytest.fixture(autouse=True)
def cache_in_tmp(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test writes to the user's cache folder."""
    monkeypatch.setenv("IPOSE_CACHE", str(tmp_path_factory.mktemp("cache")))
