"""Training itself is golden: five steps of each system, from fixed seeds, give the recorded losses (1e-4).

Guards what no single test sees whole: data and its order, augmentation, supports, noise, losses, optimizers, the order
of phases, the freezing in between. A change that means to move these numbers records them anew, and says so in its
commit:

    python tests/unit/training/test_golden_training.py

The systems are small in every width but whole in kind, and compute in float64, so that rounding, which differs from
machine to machine and between one thread and two, stays far below the tolerance.
"""

import json
import math
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from helpers.tiny_ganseg import TINY_GANSEG
from ipose.data.batch_sources import PhotoSource, SceneSource
from ipose.data.data_config import DataConfig, PhotoConfig
from ipose.data.open_data import open_part_pairs, open_scenes, open_spec
from ipose.data.photo_folder import open_photographs
from ipose.ganseg.objective import GANSegObjective
from ipose.groupdnet.objective import GroupDNetObjective
from ipose.groupdnet.presets import GroupDNetConfig
from ipose.losses.relaxed_emd import relaxed_emd
from ipose.partnet.objective import PartNetObjective, PartPairSource
from ipose.partnet.partnet import PartNet
from ipose.partnet.presets import PartNetConfig
from ipose.partnet.scene_parts import infer_scene_parts
from ipose.synthesis.objective import SynthesisObjective
from ipose.synthesis.presets import preset
from ipose.training.config import TrainConfig
from ipose.training.loop import train
from ipose.training.metrics import read_metrics
from ipose.training.run import Run

RECORDED = Path(__file__).parents[2] / "data" / "golden" / "training" / "losses.json"
STEPS = 5
TOLERANCE = 1e-4

DATA = DataConfig(scenes=8, val_scenes=1, categories=("car", "dog"), scene_size=64, objects=(1, 2))
PARTNET = PartNetConfig(encoder_channels=(2, 3, 3, 4), attention_blocks=2, k=2, batch_size=4, learning_rate=1e-3)
SYNTHESIS = preset(
    "toy",
    height=32,
    width=32,
    part_input="features",
    paste="release",
    part_feature_channels=2,
    channels=2,
    channel_multipliers=(3, 2, 2),
    spade_hidden=4,
    part_hidden=4,
    discriminator_channels=(3, 4, 6, 8),
    last_decoder_channels=4,
    style_loss="clip",
    batch_size=3,
)


GANSEG = replace(TINY_GANSEG, point_divisor=2.0, penalty_interval=3, batch_size=3, random_crop=True)


GROUPDNET = GroupDNetConfig(
    num_classes=16,
    height=32,
    width=32,
    load_size=36,
    encoder_channels=(2, 3),
    code_channels=2,
    decoder_channels=(32, 16, 16, 8),
    decoder_groups=(16, 4, 1),
    modulation_hidden=16,
    edges=True,
    discriminator_width=3,
    batch_size=3,
)


class Patches(torch.nn.Module):
    """Stands in for CLIP and for VGG: the earth mover's distance between patches of 8x8 pixels. No weights to fetch."""

    def forward(self, fake, real):
        return relaxed_emd(*(F.unfold(images.double(), 8, stride=8).transpose(1, 2) for images in (fake, real)))


def to_float64(_, inputs, keywords):
    """A forward pre-hook: what the system prepares in float32 enters the network in float64."""

    def wide(value):
        return value.double() if isinstance(value, torch.Tensor) and value.is_floating_point() else value

    return tuple(wide(value) for value in inputs), {name: wide(value) for name, value in keywords.items()}


def in_float64(network, seed):
    """The network in float64, with weights that every machine draws alike: whole numbers, scaled by powers of two."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in network.double().parameters():
            whole = torch.randint(-256, 257, parameter.shape, generator=generator)
            scale = 2.0 ** (1 - round(math.log2(parameter[0].numel()) / 2)) if parameter.ndim > 1 else 1.0
            parameter.copy_(whole / 256 * scale)
        for name, vector in network.named_buffers():
            if name.endswith(("._u", "._v")):  # of spectral norm
                vector.fill_(len(vector) ** -0.5)
    for module in (network, getattr(network, "shape_encoder", None)):
        if module is not None:
            module.register_forward_pre_hook(to_float64, with_kwargs=True)
    return network


def attentive_partnet():
    """With attention that looks somewhere and logits that differ; else no loss would tell one support from another."""
    network = in_float64(PartNet(PARTNET), 1)
    with torch.no_grad():
        for parameter in network.blocks.parameters():
            parameter.mul_(2)
        network.decoder.head.weight.mul_(4)
    return network


def losses_of(system, source, batch_size, folder):
    """[{phase: {term: loss}}] of five steps, in the one loop."""
    config = TrainConfig(steps=STEPS, batch_size=batch_size, seed=3, log_every=1, sample_every=0, tensorboard=False)
    run = Run.create(folder, kind="golden", config={}, train=config)
    train(system, source, run, config, device="cpu", progress=False, say=lambda _: None)
    return [record["losses"] for record in read_metrics(run.metrics)]


def partnet_losses(folder):
    """Of PartNet on the cars and dogs of PartWorld, with all its terms."""
    data = open_part_pairs(DATA)
    source = PartPairSource(data.basis_train, data.choose_supports(PARTNET.k))
    return losses_of(PartNetObjective(attentive_partnet(), PARTNET), source, PARTNET.batch_size, folder)


def synthesis_losses(folder):
    """Of generator and discriminator on the same scenes, with the parts that a random PartNet infers."""
    data, spec = open_part_pairs(DATA), open_spec(DATA).labels
    scenes = open_scenes(DATA, "train", (SYNTHESIS.height, SYNTHESIS.width))
    config = replace(SYNTHESIS, num_classes=spec.num_classes, unknown=spec.unknown)
    partnet, supports = attentive_partnet().eval(), data.choose_supports(PARTNET.k)
    system = SynthesisObjective.from_config(
        config, infer_parts=lambda batch: infer_scene_parts(partnet, batch, supports), style=Patches()
    )
    for seed, network in enumerate(system.networks.values(), start=2):
        in_float64(network, seed)
    return losses_of(system, SceneSource(scenes), config.batch_size, folder)


def ganseg_losses(folder):
    """Of a GANSeg on photographs of cars: the penalty at every third step, the part losses at every second."""
    photographs = open_photographs(PhotoConfig(scenes=8, val_scenes=1, categories=("car",)), "train", 32)
    system = GANSegObjective.from_config(GANSEG)
    for seed, network in enumerate(system.networks.values(), start=2):
        in_float64(network, seed)
    source = PhotoSource(photographs.images, flip=GANSEG.flip, random_crop=GANSEG.random_crop)
    return losses_of(system, source, GANSEG.batch_size, folder)


def groupdnet_losses(folder):
    """Of encoder, decoder and discriminator of a GroupDNet on random crops of the same scenes, with all its terms."""
    scenes = open_scenes(DATA, "train", GROUPDNET.loaded)
    system = GroupDNetObjective.from_config(GROUPDNET, perceptual=Patches())
    for seed, network in enumerate(system.networks.values(), start=2):
        in_float64(network, seed)
    return losses_of(system, SceneSource(scenes, crop=GROUPDNET.crop), GROUPDNET.batch_size, folder)


SYSTEMS = {
    "partnet": partnet_losses,
    "synthesis": synthesis_losses,
    "groupdnet": groupdnet_losses,
    "ganseg": ganseg_losses,
}


@pytest.fixture(scope="module")
def recorded():
    return json.loads(RECORDED.read_text())


@pytest.mark.parametrize("system", SYSTEMS)
def test_five_steps_give_the_recorded_losses(system, recorded, tmp_path):
    found = SYSTEMS[system](tmp_path / "run")
    assert len(found) == len(recorded[system]) == STEPS
    for number, (step, expected) in enumerate(zip(found, recorded[system], strict=True), start=1):
        assert {phase: list(terms) for phase, terms in step.items()} == {p: list(t) for p, t in expected.items()}
        for phase, terms in expected.items():
            assert step[phase] == pytest.approx(terms, rel=TOLERANCE, abs=TOLERANCE), f"step {number}, phase {phase}"


def record():
    """Write the losses of this version."""
    losses = {}
    for name, run in SYSTEMS.items():
        with tempfile.TemporaryDirectory() as folder:
            losses[name] = run(Path(folder) / "run")
    RECORDED.parent.mkdir(parents=True, exist_ok=True)
    RECORDED.write_text(json.dumps(losses, indent=1) + "\n")


if __name__ == "__main__":
    record()
