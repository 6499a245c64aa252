"""The validation metric of models that make images: a Frechet distance from the scenes' photographs."""

from dataclasses import replace

import pytest
import torch

from ipose.errors import ConfigError
from ipose.images import image_float
from ipose.systems.validation import frechet_of_images, frechet_of_scenes, have_photographs
from ipose.testing.tiny_scenes import make_scene


@pytest.fixture(autouse=True)
def no_inception(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "hub"))


@pytest.fixture
def scenes():
    return [make_scene(seed) for seed in range(6)]


def copies(darker=0.0):
    """Paints the photographs themselves, darker by `darker`."""
    black = torch.zeros(3, 32, 48, dtype=torch.uint8)
    return lambda scenes: (
        image_float(torch.stack([black if scene.image is None else scene.image for scene in scenes])) - darker
    )


class TestFrechetOfScenes:
    """How far the images of the validation scenes are from their photographs."""

    def test_a_perfect_copy_is_at_0_and_a_darker_one_farther(self, scenes):
        distances = [frechet_of_scenes(copies(darker), scenes) for darker in (0.0, 0.5, 1.0)]
        assert distances[0] == pytest.approx(0, abs=1e-5)
        assert distances[0] < distances[1] < distances[2]

    def test_a_scene_without_a_photograph_is_named(self, scenes):
        with pytest.raises(ConfigError, match=f"without a photograph.*found {scenes[1].name}.*--keep-best"):
            frechet_of_scenes(copies(), [scenes[0], replace(scenes[1], image=None)])

    def test_photographs_are_asked_for_first(self, scenes):
        assert have_photographs(scenes)
        assert not have_photographs([replace(scene, image=None) for scene in scenes])
        assert not have_photographs(scenes[:1])


def test_the_order_of_images_and_their_batches_do_not_matter():
    images = torch.randint(0, 256, (6, 3, 16, 16), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    real = torch.randint(0, 200, (5, 3, 16, 16), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))
    one = frechet_of_images([images], real.split(1))
    other = frechet_of_images(images.flip(0).split(2), [real])
    assert one == pytest.approx(other, rel=1e-6)
