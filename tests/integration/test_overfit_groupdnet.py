"""GroupDNet learns: encoder and decoder take in two photographs and give them back."""

import pytest
import torch

from ipose.data.batch_sources import SceneSource
from ipose.groupdnet.objective import GroupDNetObjective
from ipose.groupdnet.presets import GroupDNetConfig
from ipose.losses import feature_matching_loss
from ipose.partworld.categories import PARTWORLD
from ipose.partworld.config import PartWorldConfig
from ipose.partworld.scene import PartWorld
from ipose.training.config import TrainConfig
from ipose.training.loop import train
from ipose.training.run import Run
from ipose.types import SceneBatch

pytestmark = pytest.mark.overfit

CLASSES = PARTWORLD.num_classes
CONFIG = GroupDNetConfig(
    num_classes=CLASSES,
    height=32,
    width=32,
    encoder_channels=(4, 6, 6),
    decoder_channels=(8 * CLASSES, 4 * CLASSES, 4 * CLASSES, 32, 32),
    decoder_groups=(CLASSES, CLASSES, 1, 1),
    modulation_hidden=2 * CLASSES,
    discriminator_width=16,
    perceptual="none",
    kl_weight=0.001,
    init="glorot",
    lr_generator=2e-3,
    lr_discriminator=1e-3,
    flip=False,
    batch_size=2,
)
STEPS = 80


def reconstruction(objective, ruler, batch):
    """L1 between photographs and what their codes give, and feature matching under an untrained discriminator."""
    encoder, decoder = objective.encoder.eval(), objective.decoder.eval()
    with torch.no_grad():
        fake = decoder(batch.label, encoder(batch.image, batch.label).mean, batch.instance)
        fakes, reals = ruler._judge(batch, fake, batch.image)
        features = feature_matching_loss([v.features for v in fakes], [v.features for v in reals])
    encoder.train()
    decoder.train()
    return float((fake - batch.image).abs().mean()), float(features)


def test_groupdnet_gives_two_photographs_back(tmp_path):
    """Given two scenes, when trained without any pixel loss, L1 and feature loss fall to less than a third."""
    torch.manual_seed(0)
    scenes = list(PartWorld(PartWorldConfig(seed=0, count=2, size=(32, 32))))
    batch, objective = SceneBatch.from_scenes(scenes), GroupDNetObjective.from_config(CONFIG)
    ruler = GroupDNetObjective.from_config(CONFIG)  # a discriminator of its own, which stays as it is
    l1_before, features_before = reconstruction(objective, ruler, batch)
    settings = TrainConfig(
        steps=STEPS,
        batch_size=2,
        ema_decay=0.0,
        schedule="constant_then_linear",
        constant_epochs=1,
        decay_epochs=2,
        sample_every=0,
        checkpoint_every=STEPS,
    )
    run = Run.begin(tmp_path / "run", resume=False, kind="groupdnet", config={}, train=settings, data="two scenes")
    train(objective, SceneSource(scenes, flip=False), run, settings, device="cpu", progress=False, say=lambda _: None)
    l1, features = reconstruction(objective, ruler, batch)
    assert l1 < l1_before / 3
    assert features < features_before / 3
