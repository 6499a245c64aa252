"""Folders of images that are no photographs are told from those that are."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from ipose.data.photo_doctor import examine_photographs
from ipose.data.photo_files import LOOKED_AT, label_map_fault, refuse_label_maps, refuse_other_folder
from ipose.data.photo_folder import find_photographs
from ipose.data.png import write_index
from ipose.errors import DataError
from ipose.systems.part_segmenter.segment import photographs_to_segment

COLORS = tuple((i, 255 - i, 0) for i in range(32))


def noise(seed: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 255, (40, 40, 3), dtype=np.uint8))


def photographs(folder: Path, count: int, mode: str = "RGB", kind: str = "png") -> list[Path]:
    paths = [folder / f"photo{i}.{kind}" for i in range(count)]
    for i, path in enumerate(paths):
        noise(i).convert(mode).save(path)
    return paths


def maps(folder: Path, count: int, colors: tuple[tuple[int, int, int], ...] | None = COLORS) -> list[Path]:
    paths = [folder / f"map{i}.png" for i in range(count)]
    for path in paths:
        write_index(path, torch.arange(32, dtype=torch.uint8).repeat(8, 1), colors=colors)
    return paths


class TestOtherFolders:
    """A run and supports are full of images."""

    @pytest.mark.parametrize(("file", "what"), [("run.json", "folder of a run"), ("supports.json", "of supports")])
    def test_are_refused_by_all_that_list_photographs(self, tmp_path, file, what):
        photographs(tmp_path, 2)
        refuse_other_folder(tmp_path)
        (tmp_path / file).write_text("{}")
        for find in (refuse_other_folder, find_photographs, photographs_to_segment):
            with pytest.raises(DataError, match=rf"this is .*{what}.*: found {file}, expected a folder of photog"):
                find(tmp_path)

    def test_are_one_fault_to_the_doctor(self, tmp_path):
        photographs(tmp_path, 2)
        (tmp_path / "run.json").write_text("{}")
        (fault,) = examine_photographs(tmp_path).faults
        assert fault.message.startswith("this is the folder of a run")


class TestLabelMaps:
    """Half of the files or more are index PNGs with few ids."""

    @pytest.mark.parametrize("colors", [COLORS, None], ids=["palette", "greyscale"])
    def test_are_told(self, tmp_path, colors):
        paths = maps(tmp_path, 3, colors)
        with pytest.raises(DataError, match="found 3 greyscale or palette PNGs of 32 values or fewer among 3 files"):
            refuse_label_maps(tmp_path, paths)
        (fault,) = examine_photographs(tmp_path).faults
        assert fault == label_map_fault(tmp_path, paths)

    @pytest.mark.parametrize(("mode", "kind"), [("RGB", "png"), ("L", "png"), ("P", "png"), ("L", "jpg")])
    def test_photographs_are_none_whatever_their_mode(self, tmp_path, mode, kind):
        assert label_map_fault(tmp_path, photographs(tmp_path, 4, mode, kind)) is None

    @pytest.mark.parametrize(("pictures", "ids", "told"), [(3, 2, False), (2, 2, True), (0, 1, False)])
    def test_a_few_among_photographs_are_none(self, tmp_path, pictures, ids, told):
        paths = sorted(photographs(tmp_path, pictures) + maps(tmp_path, ids))
        assert (label_map_fault(tmp_path, paths) is not None) == told

    def test_many_are_looked_at_here_and_there(self, tmp_path):
        (path,) = maps(tmp_path, 1)
        fault = label_map_fault(tmp_path, [path] * (3 * LOOKED_AT + 5))
        assert fault is not None
        assert f"among {LOOKED_AT} files" in fault.found

    def test_broken_files_are_left_to_others(self, tmp_path):
        (tmp_path / "a.png").write_text("no image")
        assert label_map_fault(tmp_path, [tmp_path / "a.png", tmp_path / "gone.png"]) is None
