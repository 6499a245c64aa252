"""The synthesis loop learns: generator and discriminator take in two scenes."""

from types import SimpleNamespace

import pytest
import torch
import torch.nn.functional as F

from ipose.data.batch_sources import SceneSource
from ipose.editing.contexts import NoiseContext, pixel_noise
from ipose.editing.draft import Draft, own_pixels
from ipose.editing.noise_edits import Resample
from ipose.part_annotations import PART_CHANNELS, SupportSet
from ipose.partnet.scene_parts import SceneParts
from ipose.partworld.categories import PARTWORLD
from ipose.partworld.config import PartWorldConfig
from ipose.partworld.scene import PartWorld
from ipose.synthesis.objective import SynthesisObjective
from ipose.synthesis.presets import preset
from ipose.synthesis.scene_noise import scene_noise
from ipose.training.config import TrainConfig
from ipose.training.loop import train
from ipose.training.run import Run
from ipose.types import SceneBatch

pytestmark = pytest.mark.overfit

CONFIG = preset(
    "toy",
    num_classes=PARTWORLD.num_classes,
    part_input="logits",
    batch_size=2,
    flip=False,
    channels=6,
    channel_multipliers=(8, 8, 4, 2, 2),
    discriminator_channels=(3, 16, 32, 48, 64),
    lr_generator=1e-3,
    lr_discriminator=1e-3,
)
"""The toy preset, narrower; parts are the true ones, so that the test asks nothing of a PartNet."""

STEPS = 90


def true_parts(batch):
    one_hot = F.one_hot(batch.part.long(), PART_CHANNELS).permute(0, 3, 1, 2).float()
    return SceneParts(one_hot, one_hot, (batch.part > 0)[:, None].float())


def segmentation_accuracy(discriminator, batch):
    """Share of the real images' pixels whose most likely of the C real classes is the right one."""
    with torch.no_grad():
        logits = discriminator.eval()(batch.image).segmentation
    return float((logits[:, 1:].argmax(1) == batch.label).float().mean())


def distances(generator, batch, seeds=range(4)):
    """Mean |fake - real| of each scene, to its own photograph and to the other scene's."""
    parts = true_parts(batch)
    fakes = []
    for seed in seeds:
        noises = [scene_noise(CONFIG, batch.size, seed, name) for name in batch.names]
        z, part_noise = (torch.stack(column) for column in zip(*noises, strict=True))
        with torch.no_grad():
            fakes.append(generator.eval()(batch.label, parts.logits, parts.mask, z=z, part_noise=part_noise))
    fake = torch.stack(fakes)
    return tuple((fake - real).abs().mean((0, 2, 3, 4)) for real in (batch.image, batch.image.flip(0)))


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The scenes, and what discriminator and generator make of them before and after some steps of the one loop."""
    world = PartWorldConfig(count=2, size=(64, 64), categories=("car", "dog"), objects=(1, 1), object_scale=(0.6, 0.9))
    scenes = list(PartWorld(world))
    batch = SceneBatch.from_scenes(scenes)
    torch.manual_seed(0)
    system = SynthesisObjective.from_config(CONFIG, infer_parts=true_parts)
    before = look(system.generator, system.discriminator, batch)
    config = TrainConfig(
        steps=STEPS, batch_size=2, ema_decay=0.0, schedule="linear", sample_every=0, log_every=25, tensorboard=False
    )
    run = Run.create(tmp_path_factory.mktemp("runs") / "overfit", kind="synthesis", config=CONFIG, train=config)
    train(system, SceneSource(scenes, flip=False), run, config, device="cpu", progress=False)
    after = look(system.generator, system.discriminator, batch)
    return SimpleNamespace(before=before, after=after, generator=system.generator, scenes=scenes, batch=batch)


def look(generator, discriminator, batch):
    own, other = distances(generator, batch)
    return SimpleNamespace(accuracy=segmentation_accuracy(discriminator, batch), own=own, other=other)


class TestTwoScenes:
    """Given two scenes, when G and D are trained on them alone, both know them."""

    def test_the_discriminator_segments_the_real_images(self, trained):
        assert trained.after.accuracy >= 0.95 > trained.before.accuracy

    def test_the_generator_comes_close_to_each_photograph(self, trained):
        assert (trained.after.own < 0.6 * trained.before.own).all(), (trained.before.own, trained.after.own)
        assert (trained.after.own < 0.3).all(), trained.after.own

    def test_each_image_is_closer_to_its_own_photograph_than_to_the_other(self, trained):
        assert (trained.after.own < 0.6 * trained.after.other).all(), (trained.after.own, trained.after.other)


def test_a_new_texture_of_an_object_changes_the_image_more_inside_than_outside(trained):
    """Given a trained generator, when z is drawn anew in one object, then most of the change is there."""
    parts, item = true_parts(trained.batch), trained.scenes[0].objects[0]
    draft = Draft(trained.scenes[0], SupportSet({}, {}), PARTWORLD)
    context = NoiseContext(draft, trained.batch.part[0], 0, CONFIG)
    noise = pixel_noise(CONFIG, trained.batch.size, 0, trained.scenes[0].name)
    both = [noise, Resample(object=0).redraw(noise, context)]
    with torch.no_grad():
        before, after = (
            trained.generator.eval()(
                trained.batch.label[:1], parts.logits[:1], parts.mask[:1], z=x.z[None], part_noise=x.part_noise[None]
            )
            for x in both
        )
    change, region = (after - before).abs().mean((0, 1)), own_pixels(trained.scenes[0], item)
    assert change[region].mean() > 2 * change[~region].mean() > 0
