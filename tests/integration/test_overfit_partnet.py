"""PartNet learns: the one loop brings it to the very part maps of four objects."""

from types import SimpleNamespace

import pytest
import torch

from ipose.data.part_pairs import pairs_from_scenes
from ipose.evaluation.part_metrics import object_pixel_accuracy, part_accuracy
from ipose.part_annotations import SupportSet
from ipose.partnet.objective import PartNetObjective, PartPairSource
from ipose.partnet.partnet import PartNet
from ipose.partnet.presets import PartNetConfig
from ipose.partnet.scene_parts import predict_objects, predict_part_maps
from ipose.partworld.categories import PARTWORLD
from ipose.partworld.config import PART_NAMES, PartWorldConfig
from ipose.partworld.scene import PartWorld
from ipose.training.config import TrainConfig
from ipose.training.loop import train
from ipose.training.run import Run

pytestmark = pytest.mark.overfit

CATEGORIES = ("dog", "tvmonitor")
CONFIG = PartNetConfig(
    encoder_channels=(8, 16, 16, 24),
    attention_blocks=1,
    k=1,
    reconstruction=False,
    learning_rate=6e-3,
    beta1=0.9,
    batch_size=4,
)
"""Narrow, one block, one support: what matters here is that every part of the chain passes gradients on."""

STEPS = 360


def objects_of(category, count):
    """The first part pairs of a category in PartWorld."""
    world = PartWorld(
        PartWorldConfig(count=count, size=(64, 64), categories=(category,), objects=(1, 1), object_scale=(0.6, 0.9))
    )
    return pairs_from_scenes(world, PARTWORLD)


def accuracies(partnet, pairs, supports):
    """Over object pixels, each given its most likely part; and the paper's AC over the frame, all channels running."""
    shapes, true = torch.stack([p.shape for p in pairs]), torch.stack([p.part_map for p in pairs])
    inputs = shapes[:, None].float(), [p.category for p in pairs], supports
    with torch.no_grad():
        frame = predict_objects(partnet.eval(), *inputs).part_maps()
    return SimpleNamespace(
        object_pixels=float(object_pixel_accuracy(predict_part_maps(partnet, *inputs), true, shapes)),
        frame=float(part_accuracy(frame, true)),
    )


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Two dogs and two screens, and how right PartNet is on them before and after training on nothing else."""
    objects = {name: objects_of(name, 3) for name in CATEGORIES}
    pairs = [pair for name in CATEGORIES for pair in objects[name][:2]]
    assert len(pairs) == 4
    supports = SupportSet(
        {name: PART_NAMES[name] for name in CATEGORIES}, {name: objects[name][2].part_map[None] for name in CATEGORIES}
    )
    torch.manual_seed(0)
    system = PartNetObjective(PartNet(CONFIG), CONFIG)
    before = accuracies(system.partnet, pairs, supports)
    source = PartPairSource(pairs, supports, random_supports=0.0, augment=False)
    config = TrainConfig(
        steps=STEPS,
        batch_size=4,
        ema_decay=0.0,
        schedule="cosine",
        sample_every=0,
        log_every=100,
        tensorboard=False,
        precision="bf16",
    )
    run = Run.create(tmp_path_factory.mktemp("runs") / "overfit", kind="partnet", config=CONFIG, train=config)
    train(system, source, run, config, device="cpu", progress=False)
    return SimpleNamespace(before=before, after=accuracies(system.partnet, pairs, supports))


class TestFourObjects:
    """Given four labelled objects, when trained with a rate that decays to 0, PartNet has memorised them."""

    def test_99_percent_of_object_pixels_are_right(self, trained):
        assert trained.after.object_pixels >= 0.99 > trained.before.object_pixels

    def test_the_frame_around_the_objects_is_right_too(self, trained):
        assert trained.after.frame >= 0.97 > trained.before.frame
