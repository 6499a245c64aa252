"""GroupDNet once more, on a GPU: its contracts, the same image as on the CPU, and steps in bfloat16."""

import pytest
import torch

from ipose.data.batch_sources import SceneSource
from ipose.groupdnet.cg_block import CGBlock, CGNorm
from ipose.groupdnet.decoder import Decoder
from ipose.groupdnet.encoder import Encoder
from ipose.groupdnet.model import GroupDNet
from ipose.groupdnet.objective import GroupDNetObjective
from ipose.groupdnet.presets import GroupDNetConfig
from ipose.testing import CGBlockContract, CGNormContract
from ipose.testing.tiny_scenes import SPEC, make_scene
from ipose.training.config import TrainConfig
from ipose.training.loop import train
from ipose.training.run import Run

CONFIG = GroupDNetConfig(
    num_classes=SPEC.num_classes,
    height=32,
    width=48,
    encoder_channels=(4, 4, 4),
    decoder_channels=(20, 20, 20, 10, 10),
    decoder_groups=(5, 5, 1, 1),
    modulation_hidden=10,
    discriminator_width=8,
    perceptual="none",
    init="glorot",
    batch_size=2,
)


@pytest.fixture(autouse=True)
def on_the_gpu(device):
    """Contracts that build before they ask for a device skip here, where there is none."""


class TestCGNorm(CGNormContract):
    implementation = CGNorm


class TestCGBlock(CGBlockContract):
    implementation = CGBlock


def test_the_same_seed_gives_the_image_of_the_cpu(device):
    torch.manual_seed(0)
    model, scene = GroupDNet(Encoder(CONFIG), Decoder(CONFIG), SPEC), make_scene(0)
    on_cpu = model(scene, seed=3)
    torch.testing.assert_close(model.to(device)(scene, seed=3), on_cpu, atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize("precision", ["no", "bf16"])
def test_a_few_steps_keep_every_loss_finite(device, tmp_path, precision):
    scenes = [make_scene(0), make_scene(1)]
    settings = TrainConfig(steps=4, batch_size=2, ema_decay=0.9, sample_every=0, precision=precision, tensorboard=False)
    run = Run.begin(tmp_path / "run", resume=False, kind="groupdnet", config={}, train=settings, data="two scenes")
    torch.manual_seed(0)
    result = train(
        GroupDNetObjective.from_config(CONFIG),
        SceneSource(scenes),
        run,
        settings,
        device=device,
        progress=False,
        say=lambda _: None,
    )
    assert result.step == 4
