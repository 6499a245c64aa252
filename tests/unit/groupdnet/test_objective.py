"""The training system: what is minimised, by whom, and from which random numbers."""

from dataclasses import replace

import pytest
import torch

from ipose.errors import ConfigError, DataError
from ipose.groupdnet.codes import Codes
from ipose.groupdnet.discriminator import ScaleOutput
from ipose.groupdnet.label_tensor import instance_edges
from ipose.groupdnet.objective import GroupDNetObjective
from ipose.groupdnet.presets import preset
from ipose.testing.tiny_scenes import SPEC, make_scene
from ipose.types import Scene, SceneBatch

from .conftest import small

SETTINGS = {
    "num_classes": SPEC.num_classes,
    "height": 32,
    "width": 48,
    "decoder_channels": (10, 10, 10, 10, 10, 10),
    "decoder_groups": (5, 5, 1, 1, 1),
    "modulation_hidden": 5,
}


@pytest.fixture(scope="module")
def batch():
    return SceneBatch.from_scenes([make_scene(0), make_scene(1)])


def system(**settings):
    torch.manual_seed(0)
    return GroupDNetObjective.from_config(small(**SETTINGS, **settings))


def noise(seed=0):
    return torch.Generator().manual_seed(seed)


class TestPhases:
    """One step of encoder and decoder, then one of the discriminator, as the release takes them."""

    def test_encoder_and_decoder_learn_first_then_the_discriminator(self, batch):
        phases = list(system().phases(batch, noise()))
        assert [(phase.networks, phase.optimizer) for phase in phases] == [
            (("encoder", "generator"), "generator"),
            (("discriminator",), "discriminator"),
        ]

    def test_every_network_of_a_phase_receives_gradient(self, batch):
        objective = system()
        for phase in objective.phases(batch, noise()):
            sum(phase.losses().values()).backward()
            for name in phase.networks:
                assert any(p.grad is not None and p.grad.any() for p in objective.networks[name].parameters())

    def test_the_discriminators_step_sends_no_gradient_to_the_others(self, batch):
        objective = system()
        sum(objective.discriminator_losses(batch, batch.image, noise()).values()).backward()
        assert all(p.grad is None for name in ("encoder", "generator") for p in objective.networks[name].parameters())

    def test_encoder_and_decoder_share_one_optimizer(self):
        objective = system()
        held = {id(p) for group in objective.optimizers["generator"].param_groups for p in group["params"]}
        assert held == {id(p) for name in ("encoder", "generator") for p in objective.networks[name].parameters()}

    def test_random_numbers_come_from_the_generator_alone(self, batch):
        losses = []
        for seed in (0, 0, 1):
            torch.manual_seed(len(losses) + 7)
            objective = system()
            torch.manual_seed(len(losses) + 70)
            losses.append(objective.generator_losses(batch, batch.image, noise(seed))["gan"].item())
        assert losses[0] == losses[1] != losses[2]


class TestTerms:
    """Equation 6, each term weighted; a term of weight 0 is left out."""

    def test_names_by_configuration(self, batch):
        def names(**settings):
            return set(system(**settings).generator_losses(batch, batch.image, noise()))

        assert names() == {"gan", "features", "kl"}
        assert names(kl_weight=0.0, feature_weight=0.0, l1_weight=1.0) == {"gan", "l1"}

    def test_the_weights_multiply(self, batch):
        def loss(name, **settings):
            return system(**settings).generator_losses(batch, batch.image, noise())[name].item()

        assert loss("features", feature_weight=10.0) == pytest.approx(5 * loss("features", feature_weight=2.0))

    @pytest.mark.parametrize(("batch_size", "kl_devices"), [(2, 1), (2, 4), (8, 4)])
    def test_kl_is_the_sum_over_the_images_of_one_device_of_the_published_training(self, batch, batch_size, kl_devices):
        """The mean of an image times batch_size / kl_devices, however many images one process here gets."""
        settings = {"batch_size": batch_size, "kl_devices": kl_devices, "kl_weight": 0.05}
        found = system(**settings).generator_losses(batch, batch.image, noise())["kl"].item()
        codes = system(**settings).encoder(batch.image, batch.label)
        images = [-0.5 * (1 + v - m**2 - v.exp()).sum().item() for m, v in zip(*codes, strict=True)]
        assert found == pytest.approx(0.05 * sum(images) / 2 * batch_size / kl_devices)

    @pytest.mark.parametrize(("name", "images"), [("deepfashion", 8), ("cityscapes", 8), ("ade20k", 4)])
    def test_presets_have_the_papers_kl_of_batches_shared_by_4_gpus(self, name, images):
        """In the paper's batch of 32 on 4 GPUs, each sums over 8 images; 4 gradients are averaged."""
        on_gpus = [torch.rand(images) for _ in range(4)]
        published = torch.stack([part.sum() for part in on_gpus]).mean()
        here = torch.cat(on_gpus)  # one process
        assert len(here) == preset(name).batch_size
        torch.testing.assert_close(preset(name).kl_images * here.mean(), published)

    def test_features_match_where_the_fake_is_the_photograph(self, batch):
        objective = system()
        on_fake, on_real = objective._judge(batch, batch.image, batch.image)
        for fake, real in zip(on_fake, on_real, strict=True):
            for a, b in zip(fake.features, real.features, strict=True):
                torch.testing.assert_close(a, b)

    def test_the_perceptual_loss_sees_fake_and_photograph(self, batch):
        class Spy(torch.nn.Module):
            def forward(self, fake, real):
                assert torch.equal(real, batch.image)
                return (fake - real).square().mean()

        config = small(**{**SETTINGS, "perceptual": "vgg"})
        losses = GroupDNetObjective.from_config(config, perceptual=Spy()).generator_losses(batch, batch.image, noise())
        assert losses["perceptual"] > 0

    def test_edges_of_instances_reach_the_discriminator(self, batch):
        objective = system(edges=True, modulation="class")
        first = objective.discriminator.scales[0].first
        assert first.in_channels == SPEC.num_classes + 1 + 3
        seen = []
        first.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
        objective.discriminator_losses(batch, batch.image, noise())
        edges = instance_edges(batch.instance)
        assert seen
        for x in seen:  # fakes, photographs, or both in one batch
            assert torch.equal(x[:, SPEC.num_classes : SPEC.num_classes + 1], edges.repeat(len(x) // 2, 1, 1, 1))


class Coder(torch.nn.Module):
    """An encoder of known codes: mean 1 and log variance 0 at each of four elements, whatever the photograph."""

    def __init__(self):
        super().__init__()
        self.mean, self.log_variance = (torch.nn.Parameter(torch.full((4,), value)) for value in (1.0, 0.0))

    def forward(self, image, label):
        return Codes(*(value.expand(len(image), 4)[..., None, None] for value in (self.mean, self.log_variance)))


class Painter(torch.nn.Module):
    """A decoder of a known image: 1, 2, 3, 6 in one corner, 0 elsewhere, plus what is left of the codes: 0."""

    def __init__(self):
        super().__init__()
        self.gain = torch.nn.Parameter(torch.ones(()))

    def forward(self, label, z, instance):
        image = torch.zeros(len(z), 3, 4, 4)
        image[:, 0, :2, :2] = torch.tensor([[1.0, 2.0], [3.0, 6.0]])
        return self.gain * image + (z - z.detach()).mean()


class Judge(torch.nn.Module):
    """Two discriminators whose scores are pixels of the image: the corner's four, and the corner's first alone."""

    def __init__(self):
        super().__init__()
        self.gain = torch.nn.Parameter(torch.ones(()))

    def forward(self, x):
        image = self.gain * x[:, -3:]
        corner, first = image[:, :1, :2, :2], image[:, :1, :1, :1]
        return ScaleOutput((image, corner), corner), ScaleOutput((first,), first)


class TestHandCounts:
    """Each term of equation 6 on known images: which pixels count, means and sums, and whose gradient goes where."""

    @pytest.fixture
    def known(self):
        """Objective and batch: the photograph is 2, 0, 0, -1 in the corner, 0 elsewhere."""
        label = torch.zeros(2, 4, 4, dtype=torch.int64)
        image = torch.zeros(2, 3, 4, 4)
        image[:, 0, :2, :2] = torch.tensor([[2.0, 0.0], [0.0, -1.0]])
        batch = SceneBatch(("a", "b"), image, label, label.int(), (), torch.zeros(0, dtype=torch.int64))

        class Pixels(torch.nn.Module):
            def forward(self, fake, real):
                return (fake - real).abs().sum()

        config = small(perceptual="vgg", l1_weight=3.0, kl_devices=1)
        return GroupDNetObjective(Coder(), Painter(), Judge(), config, perceptual=Pixels()), batch

    def losses(self, known, phase):
        objective, batch = known
        return getattr(objective, f"{phase}_losses")(batch, batch.image, noise())

    def test_the_generators_hinge_is_a_mean_over_patches_then_over_discriminators(self, known):
        assert self.losses(known, "generator")["gan"].item() == -((1 + 2 + 3 + 6) / 4 + 1) / 2

    def test_the_discriminators_hinge_is_fake_plus_real_each_a_mean_over_discriminators(self, known):
        losses = self.losses(known, "discriminator")
        assert losses["fake"].item() == ((2 + 3 + 4 + 7) / 4 + 2) / 2
        assert losses["real"].item() == ((0 + 1 + 1 + 2) / 4 + 0) / 2

    def test_features_are_summed_over_layers_and_averaged_over_discriminators(self, known):
        apart = 1 + 2 + 3 + 7  # in the corner, summed
        expected = 10 * ((apart / 48 + apart / 4) + 1) / 2
        assert self.losses(known, "generator")["features"].item() == pytest.approx(expected)

    def test_the_perceptual_loss_is_weighted_by_10_and_l1_is_a_mean_over_all_pixels(self, known):
        losses = self.losses(known, "generator")
        assert losses["perceptual"].item() == 10 * 2 * 13  # two images
        assert losses["l1"].item() == pytest.approx(3 * 13 / 48)

    def test_kl_is_a_sum_over_elements_and_images(self, known):
        assert self.losses(known, "generator")["kl"].item() == pytest.approx(0.05 * 2 * 4 * 0.5)  # each 1/2 * mean^2

    def test_every_image_and_step_draws_noise_of_its_own(self, known):
        (objective, batch), codes = known, []
        objective.decoder.register_forward_pre_hook(lambda _, inputs: codes.append(inputs[1].detach()))
        for phase in objective.phases(batch, noise()):
            phase.losses()
        assert len(torch.stack(codes).unique()) == 2 * 2 * 4

    @pytest.mark.parametrize(
        ("term", "reached"),
        [
            ("gan", {"encoder", "generator"}),
            ("features", {"encoder", "generator"}),
            ("perceptual", {"encoder", "generator"}),
            ("l1", {"encoder", "generator"}),
            ("kl", {"encoder"}),
        ],
    )
    def test_terms_of_the_first_step_reach_the_encoder_and_all_but_kl_the_decoder(self, known, term, reached):
        objective, _ = known
        objective.discriminator.requires_grad_(False)  # as the loop does
        self.losses(known, "generator")[term].backward()
        assert {name for name in objective.networks if has_gradient(objective.networks[name])} == reached

    @pytest.mark.parametrize("term", ["fake", "real"])
    def test_terms_of_the_second_step_reach_the_discriminator_alone(self, known, term):
        objective, _ = known
        self.losses(known, "discriminator")[term].backward()
        assert {name for name in objective.networks if has_gradient(objective.networks[name])} == {"discriminator"}

    def test_features_of_the_photograph_are_a_target_without_gradient(self, known):
        objective, batch = known
        real = batch.image.requires_grad_()
        objective.generator_losses(batch, real, noise())["features"].backward()
        assert not real.grad.any()


def has_gradient(network):
    return any(parameter.grad is not None and parameter.grad.any() for parameter in network.parameters())


class TestConstruction:
    """Optimizers, averages and the frozen helper are what the config says."""

    def test_adam_has_the_rates_and_betas_of_the_config(self):
        made = system(lr_generator=1e-3, lr_discriminator=2e-3, beta1=0.5, beta2=0.8)
        groups = {name: optimizer.param_groups[0] for name, optimizer in made.optimizers.items()}
        found = {name: (group["lr"], group["betas"]) for name, group in groups.items()}
        assert found == {"generator": (1e-3, (0.5, 0.8)), "discriminator": (2e-3, (0.5, 0.8))}

    def test_encoder_and_decoder_are_averaged(self):
        assert system().averaged == ("encoder", "generator")

    def test_batch_norms_over_gpus_are_as_asked_for(self):
        assert [system(sync_batch_norm=one).sync_batch_norm for one in (False, True)] == [False, True]

    def test_moves_its_helper_too(self):
        config = small(**{**SETTINGS, "perceptual": "vgg"})
        moved = GroupDNetObjective.from_config(config, perceptual=torch.nn.Linear(1, 1)).to("meta")
        modules = (*moved.networks.values(), moved.perceptual)
        assert all(parameter.is_meta for module in modules for parameter in module.parameters())

    @pytest.mark.parametrize("settings", [{"perceptual": "none"}, {"perceptual": "vgg", "perceptual_weight": 0.0}])
    def test_a_perceptual_network_that_is_not_asked_for_is_not_used(self, settings):
        config = small(**{**SETTINGS, **settings})
        assert GroupDNetObjective.from_config(config, perceptual=torch.nn.Identity()).perceptual is None


class TestWrongInput:
    """Each is one sentence, before anything is computed."""

    def test_a_perceptual_loss_without_its_network(self):
        with pytest.raises(ConfigError, match=r"\[perceptual\].*there is no network for it.*load_vgg_loss"):
            system(perceptual="vgg")

    def test_scenes_without_photographs(self, batch):
        scene = make_scene(0)
        bare = SceneBatch.from_scenes([Scene(scene.name, None, scene.label, scene.instance, ())])
        with pytest.raises(DataError, match="training needs photographs"):
            next(system().phases(bare, noise()))

    def test_a_class_id_that_the_model_does_not_know(self, batch):
        """The objective names it: compiled networks check none."""
        with pytest.raises(ConfigError, match="class id that the model does not know"):
            next(system().phases(replace(batch, label=batch.label + 100), noise()))
