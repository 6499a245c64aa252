"""GANSeg's training system: which losses at which step, of what, and that they move what they should."""

import math
from dataclasses import replace

import pytest
import torch

from helpers.tiny_ganseg import TINY_GANSEG as SMALL
from ipose.data.batch_sources import PhotoBatch, PhotoSource
from ipose.data.data_config import PhotoConfig
from ipose.data.object_photos import ObjectPhotos
from ipose.errors import ConfigError
from ipose.ganseg.generator import GANSegOutput
from ipose.ganseg.objective import GANSegObjective
from ipose.training.config import TrainConfig
from ipose.training.loop import train
from ipose.training.metrics import read_metrics
from ipose.training.phases import PhaseRunner
from ipose.training.processes import Processes
from ipose.training.run import Run


def system(**settings):
    torch.manual_seed(0)
    return GANSegObjective.from_config(replace(SMALL, **settings))


def photographs(count=4):
    generator = torch.Generator().manual_seed(1)
    return PhotoBatch(2 * torch.rand(count, 3, 32, 32, generator=generator) - 1, tuple(map(str, range(count))))


def terms_by_step(objective, steps):
    """Names of the terms of each step, D's and G's."""
    runner, batch = PhaseRunner(objective, Processes("cpu")), photographs()
    return [
        [set(runner.step(phase)) for phase in objective.phases(batch, torch.Generator().manual_seed(step))]
        for step in range(steps)
    ]


def test_both_networks_begin_with_biases_of_0():
    parameters = torch.nn.ModuleDict(system().networks).named_parameters()
    assert {name.split(".")[0] for name, p in parameters if name.endswith("bias") and p.any()} == set()


class TestIntervals:
    """Penalty and part losses come at their intervals, the first step included."""

    def test_of_every_step(self):
        found = terms_by_step(system(penalty_interval=3, part_loss_interval=2), 4)
        assert ["penalty" in d for d, _ in found] == [True, False, False, True]
        assert ["area" in g for _, g in found] == [True, False, True, False]
        assert all(g >= {"adversarial"} and d >= {"real", "fake"} for d, g in found)

    def test_of_weight_0_never(self):
        found = terms_by_step(system(penalty_weight=0.0, area_weight=0.0, concentration_weight=0.0), 1)
        assert found == [[{"real", "fake"}, {"adversarial"}]]

    def test_a_resumed_run_goes_on_at_the_right_step(self, tmp_path):
        def run(steps, resume):
            objective = system(penalty_interval=2, part_loss_interval=2)
            config = TrainConfig(steps=steps, batch_size=2, log_every=1, sample_every=0, tensorboard=False)
            begin = Run.resume if resume else Run.create
            run = begin(tmp_path / "run", kind="ganseg", config={}, train=config)
            images = [torch.randint(0, 256, (3, 32, 32), dtype=torch.uint8) for _ in range(4)]
            train(objective, PhotoSource(images), run, config, resume=resume, device="cpu", progress=False, say=str)
            return ["penalty" in record["losses"]["discriminator"] for record in read_metrics(run.metrics)]

        assert run(3, resume=False) == [True, False, True]
        assert run(5, resume=True) == [True, False, True, False, True]


class TestLosses:
    """What the terms are."""

    def test_the_discriminators_step_gives_the_generator_no_gradient(self):
        objective = system()
        sum(objective.discriminator_losses(photographs().image, torch.Generator()).values()).backward()
        assert all(parameter.grad is None for parameter in objective.generator.parameters())
        assert any(parameter.grad.any() for parameter in objective.discriminator.parameters())

    def test_at_the_start_the_penalty_moves_every_layer_of_the_discriminator_but_the_last_bias(self):
        objective = system()
        objective.discriminator_losses(photographs().image, torch.Generator())["penalty"].backward()
        weights = {n: p.grad for n, p in objective.discriminator.named_parameters() if p.ndim > 1}
        assert all(gradient is not None and gradient.any() for gradient in weights.values())

    def test_terms_carry_their_weights(self):
        def losses(**settings):
            objective = system(**settings)
            return {
                **objective.discriminator_losses(photographs().image, torch.Generator().manual_seed(2)),
                **objective.generator_losses(4, torch.Generator().manual_seed(3)),
            }

        one = losses(penalty_weight=1.0, concentration_weight=1.0, area_weight=1.0)
        three = losses(penalty_weight=3.0, concentration_weight=3.0, area_weight=3.0)
        for term in ("penalty", "concentration", "area"):
            torch.testing.assert_close(three[term], 3 * one[term])
        for term in ("real", "fake", "adversarial"):
            assert torch.equal(three[term], one[term])

    def test_the_area_loss_of_a_picture_does_not_depend_on_its_size(self):
        """It counts pixels: 16 times as many at 128 as at 32, so its weight at 32 is 16."""
        small, large = system(), GANSegObjective.from_config(replace(SMALL, sizes=(32, 32, 64, 128)))
        masks, heatmaps = torch.full((1, 4, 32, 32), 0.25), torch.ones(1, 3, 32, 32)
        masks[:, 1] = 0.01
        points = torch.zeros(1, 12, 2)
        points[:, ::2] = 0.5

        def area(objective, factor):
            grown = (tensor.repeat_interleave(factor, 2).repeat_interleave(factor, 3) for tensor in (masks, heatmaps))
            mask, heatmap = grown
            nothing = torch.zeros(1, 1, 1, 1)
            output = GANSegOutput(nothing, mask, nothing, nothing, heatmap, points, points.view(1, 3, 4, 2).mean(2))
            return objective.parts(output)["area"]

        assert area(small, 1) > 0
        torch.testing.assert_close(area(large, 4), area(small, 1))

    def test_batch_norms_over_gpus_are_apart_unless_asked_for(self):
        assert system().sync_batch_norm is False
        assert system(sync_batch_norm=True).sync_batch_norm is True

    def test_a_lazy_penalty_is_scaled_by_its_interval(self):
        losses = [
            system(penalty="r1", penalty_scaled=scaled).discriminator_losses(
                photographs().image, torch.Generator().manual_seed(2)
            )["penalty"]
            for scaled in (False, True)
        ]
        torch.testing.assert_close(losses[1], 16 * losses[0])

    @pytest.mark.parametrize(
        "setting", [{"penalty": "r1"}, {"concentration": "sum"}, {"area_target": "heatmap"}, {"grid": "pixel-centre"}]
    )
    def test_every_choice_changes_a_term(self, setting):
        def losses(**settings):
            objective = system(point_divisor=1.0, **settings)
            d = objective.discriminator_losses(photographs().image, torch.Generator().manual_seed(2))
            return {**d, **objective.generator_losses(4, torch.Generator().manual_seed(3))}

        one, other = losses(), losses(**setting)
        assert any(not torch.allclose(one[term], other[term]) for term in one)


class Mean(torch.nn.Module):
    """Stands in for D: the score of an image is the mean of its numbers. Its gradient is 1/3072 at each of them."""

    def __init__(self):
        super().__init__()
        self.factor = torch.nn.Parameter(torch.tensor(1.0))

    def forward(self, image):
        return self.factor * image.mean((1, 2, 3))


class Grey(torch.nn.Module):
    """Stands in for G: all images have one grey value, and all masks are alike."""

    def __init__(self):
        super().__init__()
        self.grey = torch.nn.Parameter(torch.tensor(0.5))

    def forward(self, points, *others):
        count = len(points)
        masks, nothing = torch.full((count, 4, 32, 32), 0.25), torch.zeros(count, 1, 1, 1)
        image, centres = self.grey.expand(count, 3, 32, 32), torch.zeros(count, 3, 2)
        return GANSegOutput(image, masks, nothing, nothing, masks[:, 1:], torch.zeros(count, 12, 2), centres)


class TestHandCounts:
    """The adversarial terms and the penalty of images whose scores are known."""

    REAL = torch.tensor([0.2, -0.4]).view(2, 1, 1, 1).expand(2, 3, 32, 32)

    def objective(self, **settings):
        return GANSegObjective(Grey(), Mean(), replace(SMALL, **settings))

    def test_of_the_discriminator(self):
        losses = self.objective().discriminator_losses(self.REAL, torch.Generator())
        softplus = [math.log1p(math.exp(score)) for score in (0.5, -0.2, 0.4)]  # D(fake), -D(real), -D(real)
        assert losses["fake"].item() == pytest.approx(softplus[0])
        assert losses["real"].item() == pytest.approx((softplus[1] + softplus[2]) / 2)

    @pytest.mark.parametrize(
        ("settings", "expected"),
        [
            ({}, 10 * (3072**-0.5 - 1) ** 2),  # the norm of 3072 numbers of 1/3072
            ({"penalty": "r1"}, 10 * (1 / 3072) / 2),
        ],
    )
    def test_of_the_penalty(self, settings, expected):
        losses = self.objective(**settings).discriminator_losses(self.REAL, torch.Generator())
        assert losses["penalty"].item() == pytest.approx(expected)

    def test_of_the_generator(self):
        losses = self.objective().generator_losses(2, torch.Generator())
        assert losses["adversarial"].item() == pytest.approx(math.log1p(math.exp(-0.5)))


class TestSilhouettes:
    """D sees the object's silhouette as a fourth channel, and teaches the generator's masks by it."""

    def batch(self, inside=1.0):
        silhouette = torch.full((4, 1, 32, 32), -1.0)
        silhouette[:, :, 8:24] = inside
        return replace(photographs(), silhouette=silhouette)

    def seen(self, objective, batch):
        seen = []
        objective.discriminator.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].detach()))
        for phase in objective.phases(batch, torch.Generator().manual_seed(0)):
            phase.losses()
        return seen

    def test_of_a_fake_are_what_the_background_leaves(self):
        objective = system(silhouettes=True)
        outputs = []
        objective.generator.register_forward_hook(lambda *given: outputs.append(given[2]))
        of_d, real, of_g = self.seen(objective, self.batch())
        assert torch.equal(real, torch.cat([self.batch().image, self.batch().silhouette], dim=1))
        for fake, output in zip((of_d, of_g), outputs, strict=True):
            torch.testing.assert_close(fake[:, 3], 2 * output.mask[:, :-1].sum(1) - 1)
            assert torch.equal(fake[:, :3], output.image)

    def test_a_score_of_the_fourth_channel_alone_reaches_the_masks(self):
        """It tells the networks that paint nothing."""
        objective = system(silhouettes=True)
        objective.discriminator.forward = lambda image: image[:, 3].mean((1, 2))
        objective.generator_losses(4, torch.Generator().manual_seed(0))["adversarial"].backward()
        named = objective.generator.named_parameters()
        reached = {
            name.split(".")[0] for name, parameter in named if parameter.grad is not None and parameter.grad.any()
        }
        assert reached == {"level1", "mask_start", "mask_blocks"}

    def test_the_score_depends_on_the_silhouette(self):
        found = [
            system(silhouettes=True).discriminator_losses(real, torch.Generator().manual_seed(0))["real"]
            for real in (torch.cat([self.batch(x).image, self.batch(x).silhouette], 1) for x in (1.0, -1.0))
        ]
        assert not torch.equal(*found)

    def test_a_silhouette_that_nobody_asked_for_changes_nothing(self):
        with_it, without = self.seen(system(), self.batch()), self.seen(system(), photographs())
        assert all(torch.equal(a, b) for a, b in zip(with_it, without, strict=True))

    def test_photographs_without_them_are_refused(self):
        with pytest.raises(ConfigError, match=r"these photographs have no silhouettes.*--crops"):
            next(system(silhouettes=True).phases(photographs(), torch.Generator()))

    def test_an_auto_encoder_has_no_use_for_them(self):
        with pytest.raises(ConfigError, match=r"silhouettes.*an auto-encoder has no discriminator"):
            replace(SMALL, training="auto-encoder", silhouettes=True)

    def test_a_resumed_run_is_the_run_without_a_stop(self, tmp_path):
        objects = ObjectPhotos(
            PhotoConfig(scenes=2, val_scenes=1, crops=True, category="car", ground="random", crop_shift=0.2),
            "train",
            32,
        )

        def run(name, *stops):
            for resume, steps in enumerate(stops):
                objective = system(silhouettes=True)
                config = TrainConfig(steps=steps, batch_size=2, log_every=1, sample_every=0, tensorboard=False)
                begin = Run.resume if resume else Run.create
                run = begin(tmp_path / name, kind="ganseg", config={}, train=config)
                source = PhotoSource(objects, objects.names)
                train(objective, source, run, config, resume=bool(resume), device="cpu", progress=False, say=str)
            return torch.cat([weights_of(network) for network in objective.networks.values()])

        assert torch.equal(run("whole", 2), run("stopped", 1, 2))


def test_each_network_learns_at_its_own_rate():
    made = system(lr_generator=1e-3, lr_discriminator=2e-3, beta1=0.4, beta2=0.8)
    groups = {name: optimizer.param_groups[0] for name, optimizer in made.optimizers.items()}
    found = {name: (group["lr"], group["betas"]) for name, group in groups.items()}
    assert found == {"generator": (1e-3, (0.4, 0.8)), "discriminator": (2e-3, (0.4, 0.8))}


def test_moves_the_grid_of_the_part_losses_too():
    moved = system().to("meta")
    assert moved.parts.grid.is_meta
    assert all(parameter.is_meta for network in moved.networks.values() for parameter in network.parameters())


class TestPhases:
    """Each step moves its own network alone; G is in training mode in both."""

    def test_a_step_moves_its_own_network_alone(self):
        objective, batch = system(), photographs()
        runner = PhaseRunner(objective, Processes("cpu"))
        for phase in objective.phases(batch, torch.Generator()):
            before = {name: weights_of(network) for name, network in objective.networks.items()}
            runner.step(phase)
            moved = {name for name, old in before.items() if not torch.equal(weights_of(objective.networks[name]), old)}
            assert moved == {phase.name}

    def test_every_fake_of_every_step_has_noise_of_its_own(self):
        objective, seen = system(), []
        objective.discriminator.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].detach()))
        for phase in objective.phases(photographs(), torch.Generator().manual_seed(0)):
            phase.losses()
        of_d, _, of_g = seen  # the photographs are in between
        assert len(torch.cat([of_d, of_g]).unique(dim=0)) == 2 * 4

    def test_batch_statistics_of_the_generator_count_both_steps(self):
        objective = system()
        runner = PhaseRunner(objective, Processes("cpu"))
        for phase in objective.phases(photographs(), torch.Generator()):
            runner.step(phase)
        assert {norm.num_batches_tracked.item() for norm in norms_of(objective.generator)} == {2}


def weights_of(network):
    return torch.cat([parameter.detach().flatten().clone() for parameter in network.parameters()])


def norms_of(network):
    return [module for module in network.modules() if isinstance(module, torch.nn.BatchNorm2d)]


class TestPhotoSource:
    """Photographs reach the networks in [-1, 1], mirrored and cropped by the loop's random numbers alone."""

    def test_bytes_become_minus_1_to_1(self):
        image = torch.zeros(3, 32, 32, dtype=torch.uint8)
        image[:, 0] = 255
        _, found = PhotoSource([image], flip=False).item(0, torch.Generator())
        assert (found[:, 0].min(), found[:, 1].max()) == (1, -1)

    def test_half_are_mirrored(self):
        image = torch.arange(32, dtype=torch.uint8).expand(3, 32, 32)
        generator = torch.Generator().manual_seed(0)
        mirrored = [bool(PhotoSource([image]).item(0, generator)[1][0, 0, 0] > -1) for _ in range(60)]
        assert 15 < sum(mirrored) < 45

    def test_a_crop_keeps_size_and_range_and_most_of_the_picture(self):
        image = torch.arange(0, 256, 8, dtype=torch.uint8).expand(3, 32, 32)
        source, generator = PhotoSource([image], flip=False, random_crop=True), torch.Generator().manual_seed(0)
        plain = PhotoSource([image], flip=False).item(0, generator)[1]
        crops = [source.item(0, generator)[1] for _ in range(10)]
        assert all(crop.shape == (3, 32, 32) for crop in crops)
        assert all((crop - plain).abs().mean() < 0.15 for crop in crops)
        assert any(not torch.equal(crops[0], crop) for crop in crops)
