"""Both systems train on a GPU, in float32 and under bfloat16, and go on where they stopped."""

import json
import math
from contextlib import contextmanager

import pytest
import torch

from ipose.data.batch_sources import SceneSource
from ipose.losses import relaxed_emd
from ipose.part_annotations import PartPair, SupportSet
from ipose.partnet.objective import PartNetObjective, PartPairSource, part_bce, part_cross_entropy
from ipose.partnet.partnet import PartNet
from ipose.synthesis.objective import SynthesisObjective
from ipose.synthesis.presets import preset
from ipose.testing.partnet_contract import blocky_part_map, tiny_config
from ipose.testing.tiny_scenes import SPEC, make_scene
from ipose.training.config import TrainConfig
from ipose.training.loop import train
from ipose.training.run import Run

PRECISIONS = pytest.mark.parametrize("precision", ["no", "bf16"])


def synthesis():
    torch.manual_seed(0)
    config = preset("toy", num_classes=SPEC.num_classes, unknown=0, part_injection="none", batch_size=2)
    scenes = [make_scene(seed, (64, 64)) for seed in range(4)]
    return SynthesisObjective.from_config(config), SceneSource(scenes)


def partnet():
    torch.manual_seed(0)
    config = tiny_config()
    maps = [blocky_part_map(torch.Generator().manual_seed(i)) for i in range(8)]
    pairs = [PartPair("car", part_map > 0, part_map, f"car {i}") for i, part_map in enumerate(maps)]
    supports = SupportSet({"car": ("a", "b", "c", "d")}, {"car": torch.stack(maps[:2])})
    return PartNetObjective(PartNet(config), config), PartPairSource(pairs, supports)


def fit(made, folder, device, *, steps, resume=False, **settings):
    system, source = made()
    config = TrainConfig(steps=steps, batch_size=2, log_every=1, checkpoint_every=3, tensorboard=False, **settings)
    run = Run.begin(folder, resume=resume, kind=made.__name__, config={}, train=config)
    train(system, source, run, config, resume=resume, device=device, progress=False)
    return system, run


def weights(system):
    return {
        f"{name}.{key}": value for name, network in system.networks.items() for key, value in network.named_parameters()
    }


@contextmanager
def autocast():
    with torch.autocast("cuda", torch.bfloat16):
        yield


@pytest.mark.parametrize("made", [synthesis, partnet])
class TestShortTraining:
    """Six steps of the one loop."""

    @PRECISIONS
    def test_losses_stay_finite_and_weights_float32_on_the_gpu(self, tmp_path, device, made, precision):
        system, run = fit(made, tmp_path, device, steps=6, precision=precision)
        assert {(p.device.type, p.dtype) for p in weights(system).values()} == {("cuda", torch.float32)}
        records = [json.loads(line) for line in run.metrics.read_text().splitlines()]
        assert len(records) == 6
        assert all(math.isfinite(x) for r in records for terms in r["losses"].values() for x in terms.values())

    def test_a_resumed_run_ends_where_an_undisturbed_one_does(self, tmp_path, device, made):
        whole, _ = fit(made, tmp_path / "whole", device, steps=6)
        fit(made, tmp_path / "parts", device, steps=4)
        parts, _ = fit(made, tmp_path / "parts", device, steps=6, resume=True)
        found = weights(parts)
        for name, value in weights(whole).items():
            torch.testing.assert_close(
                found[name], value, atol=1e-3, rtol=1e-2, msg=lambda text, n=name: f"{n}: {text}"
            )

    @PRECISIONS
    def test_a_resumed_run_goes_on(self, tmp_path, device, made, precision):
        fit(made, tmp_path, device, steps=4, precision=precision)
        _, run = fit(made, tmp_path, device, steps=6, resume=True, precision=precision)
        steps = [json.loads(line)["step"] for line in run.metrics.read_text().splitlines()]
        assert steps == [1, 2, 3, 4, 5, 6]


class TestPrecision:
    """What bfloat16 would spoil is computed in float32."""

    def test_part_losses(self, device):
        generator = torch.Generator().manual_seed(0)
        logits = torch.randn(2, 9, 8, 8, generator=generator).to(device)
        part_map = torch.randint(0, 9, (2, 8, 8), generator=generator).to(torch.uint8).to(device)
        for loss in (part_bce, part_cross_entropy):
            expected = loss(logits, part_map)
            with autocast():
                found = loss(logits, part_map)
            assert found.dtype == torch.float32
            torch.testing.assert_close(found, expected)

    def test_relaxed_earth_movers_distance(self, device):
        a, b = torch.randn(2, 2, 5, 16, generator=torch.Generator().manual_seed(0)).to(device)
        expected = relaxed_emd(a, b)
        with autocast():
            found = relaxed_emd(a, b)
        assert found.dtype == torch.float32
        torch.testing.assert_close(found, expected)

    def test_a_system_under_bfloat16_has_float32_losses(self, device):
        system, source = synthesis()
        system.to(device)
        batch = source.collate(source.scenes[:2], torch.Generator()).to(device)
        with autocast():
            for phase in system.phases(batch, torch.Generator().manual_seed(0)):
                for name, loss in phase.losses().items():
                    assert loss.dtype == torch.float32, name
