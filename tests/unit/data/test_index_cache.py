"""The object index is kept in a cache, which is used only for the very files that it was built from."""

from pathlib import Path

import pytest

from ipose.data.scene_folder import SceneFolder
from ipose.testing.tiny_scenes import SPEC, write_scenes


class TestObjectIndexCache:
    """The object index is built once and kept beside the data, keyed by what it was built from."""

    def build(self, root: Path, monkeypatch: pytest.MonkeyPatch, **options: object) -> int:
        """How many scenes were read to open the folder."""
        import ipose.data.index_cache as cache

        read = []
        real = cache.check_scene
        with monkeypatch.context() as patch:
            patch.setattr(cache, "check_scene", lambda files, *a, **k: read.append(files) or real(files, *a, **k))
            SceneFolder(root, "train", SPEC, **options)  # type: ignore[arg-type]
        return len(read)

    @pytest.fixture(autouse=True)
    def no_other_place_is_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("IPOSE_CACHE", raising=False)

    def test_a_second_opening_reads_no_scene(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        write_scenes(tmp_path)
        assert [self.build(tmp_path, monkeypatch) for _ in range(2)] == [3, 0]

    def test_another_size_and_a_changed_file_build_anew(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        write_scenes(tmp_path)
        self.build(tmp_path, monkeypatch)
        assert self.build(tmp_path, monkeypatch, size=(64, 64)) == 3
        path = tmp_path / "train_label" / "scene001.png"
        path.write_bytes(path.read_bytes() + b"\0")
        assert self.build(tmp_path, monkeypatch) == 3

    def test_a_damaged_cache_is_built_anew(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        write_scenes(tmp_path)
        self.build(tmp_path, monkeypatch)
        (cache,) = (tmp_path / ".ipose-cache").glob("objects-*")
        cache.write_bytes(cache.read_bytes()[:100])
        assert [self.build(tmp_path, monkeypatch) for _ in range(2)] == [3, 0]

    def test_a_data_folder_that_cannot_be_written_is_cached_elsewhere(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write_scenes(tmp_path)
        (tmp_path / ".ipose-cache").write_text("a file in the way: no folder can be made here")
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
        SceneFolder(tmp_path, "train", SPEC)
        assert len(list((tmp_path / "home" / "ipose").glob("*/objects-train-*.npz"))) == 1

    def test_cached_objects_equal_the_built_ones(self, tmp_path: Path) -> None:
        write_scenes(tmp_path)
        built = SceneFolder(tmp_path, "train", SPEC, size=(24, 64)).objects
        assert SceneFolder(tmp_path, "train", SPEC, size=(24, 64)).objects == built
