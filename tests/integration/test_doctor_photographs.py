"""By command, the doctor looks at photographs without labels: any folder, and the sets that GANSeg is judged on."""

import numpy as np
import pytest

from helpers.published_photographs import write_celeba, write_cub, write_flowers, write_picture, write_taichi
from ipose.testing.tiny_scenes import write_scenes


class TestPhotographsWithoutLabels:
    """`ipose doctor` on any folder of photographs and on the published sets, whole and with a file missing.

    The tiny copies lack most photographs of the published sets, which the doctor says and exits with 1 for.
    """

    SETS = (
        (write_flowers, "Flowers-102", "segmim/segmim_00001.jpg"),
        (write_cub, "CUB-200-2011", "segmentations/000.Bird/Bird_0.png"),
        (write_celeba, "CelebA in the wild", "list_landmarks_celeba.txt"),
        (write_taichi, "Taichi", "masks/test/0.png"),
    )

    @pytest.mark.parametrize(("write", "name", "file"), SETS, ids=[name for _, name, _ in SETS])
    def test_a_published_set(self, ipose, tmp_path, write, name, file):
        said = ipose("doctor", write(tmp_path))
        assert (said.code, said.out.splitlines()[0].partition(":")[0]) == (1, name), said
        faults = [line for line in said.out.splitlines() if line.startswith("FAULT")]
        assert all("another count than the published one" in line for line in faults)
        (tmp_path / file).unlink()
        said = ipose("doctor", tmp_path)
        more = [line for line in said.out.splitlines() if line.startswith("FAULT") and line not in faults]
        assert (said.code, len(more)) == (1, 1), more
        assert file in more[0]
        assert "Traceback" not in said.err

    def test_a_folder_of_photographs(self, ipose, tmp_path):
        for i in range(2):
            write_picture(tmp_path / f"{i}.png", np.full((40, 50, 3), i))
        said = ipose("doctor", tmp_path)
        assert (said.code, "no faults in 2 photographs" in said.out) == (0, True), said
        assert "training squeezes them to a square" in said.out
        (tmp_path / "1.png").write_bytes(b"")
        said = ipose("doctor", tmp_path)
        assert said.code == 1
        assert "FAULT" in said.out
        assert "1.png: empty file" in said.out

    def test_the_photographs_of_a_scene_folder(self, ipose, tmp_path):
        write_scenes(tmp_path / "world")
        said = ipose("doctor", tmp_path / "world" / "train_img")
        assert (said.code, "/train_img: no faults in " in said.out) == (0, True), said
        said = ipose("doctor", tmp_path / "world" / "train_label")
        assert (said.code, f"Name {tmp_path / 'world'}, which holds a scene folder." in said.err) == (2, True), said

    def test_a_run_is_no_folder_of_photographs(self, ipose, tmp_path):
        write_picture(tmp_path / "samples" / "step-1.png", np.zeros((40, 50, 3)))
        (tmp_path / "run.json").write_text("{}")
        said = ipose("doctor", tmp_path)
        assert said.code == 1
        assert f"FAULT {tmp_path}: this is the folder of a run, whose images are sheets: found run.json" in said.out
