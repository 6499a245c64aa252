"""`ipose export` of the bundled model: onnxruntime paints what the model paints, without ipose and torch."""

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from ipose.data.png import write_index
from ipose.partworld.config import PartWorldConfig
from ipose.partworld.scene import PartWorld
from ipose.pipeline import IPose
from ipose.synthesis.scene_noise import batch_noise
from ipose.types import SceneBatch

PAGE = Path(__file__).parents[2] / "docs" / "export.md"


def run(*words, cwd=None):
    """A command in a process of its own. The checks of shapes, which an export cannot pass, are off there."""
    done = subprocess.run([sys.executable, *map(str, words)], capture_output=True, text=True, check=False, cwd=cwd)
    assert done.returncode == 0, done.stderr
    return done.stdout


def scenes(size, count):
    world = PartWorldConfig(count=count, size=size, categories=("car", "dog"), objects=(2, 2), seed=5)
    return list(PartWorld(world))


def test_no_model_is_a_sentence(ipose, tmp_path):
    done = ipose("export", tmp_path / "nothing", tmp_path / "out")
    assert (done.code, "no such run or model folder" in done.err) == (2, True)


def test_the_example_of_the_page_has_ten_lines_or_fewer():
    assert len(example().split("\n\n")[1].splitlines()) <= 10


def example():
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    return code.rstrip()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    pytest.importorskip("onnxruntime", reason="needs the extra `export`")
    place = tmp_path_factory.mktemp("export")
    said = run("-m", "ipose", "export", "partworld", place / "exported")
    assert said.count("differs from the model by at most") == 6
    return place / "exported"


@pytest.mark.slow
class TestExported:
    """The files of one export."""

    def test_it_holds_generator_partnet_and_the_whole_way(self, folder):
        names = ("generator", "partnet", "scene_to_image")
        assert {path.name for path in folder.iterdir()} == {
            "export.json",
            *(f"{name}.{form}" for name in names for form in ("onnx", "pt2")),
        }

    @pytest.mark.parametrize(("size", "count"), [((64, 64), 1), ((32, 72), 3)])
    def test_onnxruntime_paints_what_the_model_paints(self, folder, size, count):
        import onnxruntime

        model, drawn = IPose.from_pretrained("partworld"), scenes(size, count)
        batch = SceneBatch.from_scenes(drawn)
        noise = batch_noise(model.synthesis, size, 3, batch.names)
        objects = [(i, item.class_id, item.instance_id) for i, scene in enumerate(drawn) for item in scene.objects]
        inputs = {
            "label": batch.label.numpy(),
            "instance": batch.instance.long().numpy(),
            "objects": np.array(objects),
            "photo_size": np.ones((count, 2), np.int64),
            "z": noise.z.numpy(),
            "part_noise": noise.part_noise.numpy(),
        }
        image, parts = onnxruntime.InferenceSession(folder / "scene_to_image.onnx").run(None, inputs)
        for i, out in enumerate(model.generate(drawn, seed=3)):
            torch.testing.assert_close(torch.from_numpy(image[i]), out.image, rtol=0, atol=1e-4)
            assert (parts[i] != out.parts.numpy()).mean() < 0.002  # logits that are equal but for rounding

    def test_the_example_of_the_page_paints_without_ipose_and_torch(self, folder):
        place = folder.parent
        (scene,) = scenes((64, 64), 1)
        write_index(place / "label.png", scene.label.to(torch.uint8))
        write_index(place / "instance.png", scene.instance)
        alone = "import sys\nassert not {'torch', 'ipose'} & set(sys.modules), 'not alone'"
        run("-c", f"{example()}\n{alone}", cwd=place)
        with Image.open(place / "image.png") as image:
            assert (image.size, image.mode) == ((64, 64), "RGB")
        about = json.loads((folder / "export.json").read_text())
        assert set(np.unique(scene.label)) & set(about["classes_with_parts"])
