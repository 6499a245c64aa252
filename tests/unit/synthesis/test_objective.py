"""SynthesisObjective: which term trains which network, in which order, on which images, with which weight."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from ipose.data.object_index import by_instance_alone
from ipose.errors import ConfigError, DataError
from ipose.losses import CLIPStyle, hinge_d_fake, hinge_d_real, hinge_g, n_plus_one_loss, tiny_clip_style, tiny_vgg_loss
from ipose.losses.diversity import diversity_loss
from ipose.objective import Phase
from ipose.partnet.parts_without_partnet import parts_function
from ipose.synthesis import objective
from ipose.synthesis.objective import SynthesisObjective
from ipose.synthesis.presets import SynthesisConfig
from ipose.types import Box, Scene, SceneBatch, SceneObject

CONFIG = SynthesisConfig(
    num_classes=4,
    unknown=0,
    height=16,
    width=16,
    z_channels=3,
    channels=4,
    channel_multipliers=(2, 2, 1),
    spade_hidden=4,
    part_hidden=4,
    part_noise_channels=3,
    part_feature_channels=1,
    discriminator_channels=(3, 6, 8),
    last_decoder_channels=6,
    init_gain=1.0,
    style_crops="objects",
)
G_TERMS = ("n_plus_one", "global", "style")
D_TERMS = ("real", "fake", "global_real", "global_fake", "label_mix")


@dataclass
class Parts:
    features: Tensor
    logits: Tensor
    mask: Tensor


class PartsOf(nn.Module):
    """A stand-in for the frozen PartNet: has weights that would take gradients if they were asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))
        self.asked = 0

    def forward(self, batch: SceneBatch) -> Parts:
        self.asked += 1
        mask = self.weight * (batch.label[:, None] == 2).float()
        return Parts(mask.expand(-1, 9, -1, -1), 2 * mask.expand(-1, 9, -1, -1), mask)


@pytest.fixture(scope="module")
def batch() -> SceneBatch:
    """Two scenes of 16x16: four quarters of classes 0 (unknown) to 3, the third one an object with parts."""
    label = torch.arange(4).reshape(2, 2).repeat_interleave(8, 0).repeat_interleave(8, 1)
    instance = (label == 2).int()
    generator = torch.Generator().manual_seed(0)
    scenes = []
    for name in ("left", "right"):
        noise = torch.randint(0, 40, (3, 16, 16), generator=generator)
        image = (60 * label + noise).to(torch.uint8)
        scenes.append(Scene(name, image, label, instance, (SceneObject(2, 1, "thing", Box(8, 14, 0, 6)),)))
    return SceneBatch.from_scenes(scenes)


@pytest.fixture(scope="module")
def style() -> CLIPStyle:
    pytest.importorskip("open_clip")
    return tiny_clip_style(0)


def system_of(style: nn.Module | None = None, config: SynthesisConfig = CONFIG, **options: Any) -> SynthesisObjective:
    torch.manual_seed(0)
    if style is None:
        config = replace(config, style_loss="none")
    return SynthesisObjective.from_config(config, infer_parts=PartsOf(), style=style, **options)


def noise(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def losses_of(system: SynthesisObjective, batch: SceneBatch, phase: str, seed: int = 0) -> Mapping[str, Tensor]:
    """The terms of one phase, the other networks frozen as the loop freezes them."""
    for each in system.phases(batch, noise(seed)):
        if each.name == phase:
            for name, network in system.networks.items():
                network.requires_grad_(name in each.networks)
            return each.losses()
    raise AssertionError(phase)


def settle(system: SynthesisObjective) -> SynthesisObjective:
    """In eval mode, after some steps of the power iteration: the same weights give the same losses."""
    with torch.no_grad():
        for network in system.networks.values():
            for module in network.modules():
                if isinstance(module, nn.Conv2d):
                    for _ in range(20):
                        _ = module.weight
            network.eval()
    return system


def phase_of(term: str) -> str:
    return "generator" if term in G_TERMS else "discriminator"


def with_gradient(network: nn.Module) -> set[str]:
    return {name for name, p in network.named_parameters() if p.grad is not None and bool(p.grad.any())}


@pytest.mark.parametrize("term", G_TERMS)
class TestEachTermOfTheGenerator:
    """On its own, each term of L_G trains all of G and nothing else."""

    def test_reaches_every_weight_of_the_generator(self, term: str, batch: SceneBatch, style: CLIPStyle) -> None:
        system = system_of(style)
        losses_of(system, batch, "generator")[term].backward()
        weights = {name for name, p in system.generator.named_parameters() if p.ndim > 1}
        assert weights <= with_gradient(system.generator)

    def test_reaches_nothing_else(self, term: str, batch: SceneBatch, style: CLIPStyle) -> None:
        system = system_of(style)
        losses_of(system, batch, "generator")[term].backward()
        assert isinstance(system.infer_parts, nn.Module)
        for other in (system.discriminator, system.infer_parts, style):
            assert all(p.grad is None for p in other.parameters())

    def test_a_small_step_on_it_alone_lowers_it(self, term: str, batch: SceneBatch, style: CLIPStyle) -> None:
        assert_a_step_lowers(term, settle(system_of(style)), batch)


@pytest.mark.parametrize("term", D_TERMS)
class TestEachTermOfTheDiscriminator:
    """On its own, each term of L_D trains the part of D that it judges and nothing else."""

    def test_reaches_the_weights_it_judges_and_no_others(self, term: str, batch: SceneBatch) -> None:
        system = system_of()
        losses_of(system, batch, "discriminator")[term].backward()
        weights = {name for name, p in system.discriminator.named_parameters() if p.ndim > 1}
        scored = term.startswith("global")
        unused = ("decoder", "segmentation_head") if scored else ("global_head",)
        assert with_gradient(system.discriminator) & weights == {n for n in weights if not n.startswith(unused)}

    def test_reaches_nothing_else_even_where_nothing_is_frozen(self, term: str, batch: SceneBatch) -> None:
        system = system_of()
        generator, discriminator = system.phases(batch, noise())
        generator.losses()
        discriminator.losses()[term].backward()
        assert isinstance(system.infer_parts, nn.Module)
        for other in (system.generator, system.infer_parts):
            assert all(p.grad is None for p in other.parameters())

    def test_a_small_step_on_it_alone_lowers_it(self, term: str, batch: SceneBatch) -> None:
        assert_a_step_lowers(term, settle(system_of()), batch)


def assert_a_step_lowers(term: str, system: SynthesisObjective, batch: SceneBatch) -> None:
    """Given the same noise, a step down the gradient of the term gives a smaller term."""
    network = system.networks[phase_of(term)]
    before = losses_of(system, batch, phase_of(term))[term]
    before.backward()
    with torch.no_grad():
        for p in network.parameters():
            if p.grad is not None:
                p.sub_(1e-3 * p.grad / (p.grad.norm() + 1e-8))
    assert losses_of(system, batch, phase_of(term))[term] < before


class TestPhases:
    """One step of G, then one of D on a fresh fake; the parts of a batch are inferred once."""

    def test_first_the_generator_then_the_discriminator(self, batch: SceneBatch, style: CLIPStyle) -> None:
        phases = list(system_of(style).phases(batch, noise()))
        assert [(p.name, p.networks, p.optimizer) for p in phases] == [
            ("generator", ("generator",), "generator"),
            ("discriminator", ("discriminator",), "discriminator"),
        ]
        assert tuple(phases[0].losses()) == G_TERMS
        assert tuple(phases[1].losses()) == D_TERMS

    def test_the_discriminator_sees_fakes_of_the_generator_that_has_stepped(self, batch: SceneBatch) -> None:
        """Given a generator whose step turns its images white, D's second third of images is white: the fakes."""
        system = system_of()
        seen: list[Tensor] = []
        system.discriminator.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
        phases = system.phases(batch, noise())
        next(phases).losses()
        with torch.no_grad():
            system.generator.to_image.bias.fill_(100)
        next(phases).losses()
        real, fake, mixed = seen[1].chunk(3)
        assert torch.equal(real, batch.image)
        assert (fake == 1).all()
        assert ((mixed == real) | (mixed == 1)).all()

    def test_the_discriminator_sees_fakes_of_new_noise(self, batch: SceneBatch) -> None:
        """Given images twice as wide as they are high."""
        system = system_of()
        wide = {name: torch.cat([getattr(batch, name)] * 2, -1) for name in ("image", "label", "instance")}
        drawn: list[Mapping[str, Tensor]] = []
        system.generator.register_forward_pre_hook(
            lambda module, inputs, keywords: drawn.append(keywords), with_kwargs=True
        )
        for phase in system.phases(replace(batch, **wide), noise()):
            phase.losses()
        assert [k["z"].shape for k in drawn] == [(2, 3)] * 2
        assert [k["part_noise"].shape for k in drawn] == [(2, 3, 8, 16)] * 2
        for name in ("z", "part_noise"):
            numbers = torch.cat([keywords[name].flatten() for keywords in drawn])
            assert len(numbers.unique()) == len(numbers)  # of every image, channel, pixel and phase its own

    def test_parts_are_inferred_once_a_batch(self, batch: SceneBatch) -> None:
        system = system_of()
        for phase in system.phases(batch, noise()):
            phase.losses()
        assert isinstance(system.infer_parts, PartsOf)
        assert system.infer_parts.asked == 1

    def test_losses_depend_on_the_generator_of_randomness_alone(self, batch: SceneBatch, style: CLIPStyle) -> None:
        def run(seed: int) -> list[float]:
            system = system_of(style)
            torch.manual_seed(torch.seed() % 1000)  # the global state is another at each call
            return [term.item() for p in system.phases(batch, noise(seed)) for term in p.losses().values()]

        assert run(1) == run(1) != run(2)

    def test_scenes_without_photographs_are_refused(self, batch: SceneBatch) -> None:
        with pytest.raises(DataError, match="left, right: training needs photographs"):
            next(system_of().phases(replace(batch, image=None), noise()))

    def test_a_class_id_that_the_model_does_not_know_is_named_by_the_objective(self, batch: SceneBatch) -> None:
        """A compiled generator checks none."""
        with pytest.raises(ConfigError, match="class id that the model does not know"):
            next(system_of().phases(replace(batch, label=batch.label + 100), noise()))


class TestTerms:
    """Each term is the named loss of the named images, times its weight."""

    @pytest.fixture
    def seen(self, batch: SceneBatch) -> dict[str, Any]:
        """D's verdicts and all terms of one step."""
        system, verdicts = settle(system_of()), []
        system.discriminator.register_forward_hook(lambda module, inputs, output: verdicts.append(output))
        terms: dict[str, Tensor] = {}
        for phase in system.phases(batch, noise()):
            terms |= phase.losses()
        return {"terms": terms, "G": verdicts[0], "D": verdicts[1]}

    def test_the_generators(self, seen: dict[str, Any], batch: SceneBatch) -> None:
        verdict = seen["G"]
        assert seen["terms"]["n_plus_one"] == n_plus_one_loss(verdict.segmentation, batch.label, "real", 0)
        assert seen["terms"]["global"] == hinge_g(verdict.score)

    def test_the_discriminators(self, seen: dict[str, Any], batch: SceneBatch) -> None:
        segmentation, score, terms = seen["D"].segmentation.chunk(3), seen["D"].score.chunk(3), seen["terms"]
        assert terms["real"] == n_plus_one_loss(segmentation[0], batch.label, "real", 0)
        assert terms["fake"] == n_plus_one_loss(segmentation[1], None, "fake")
        assert terms["global_real"] == hinge_d_real(score[0])
        assert terms["global_fake"] == hinge_d_fake(score[1])

    def test_label_mix_compares_the_mixed_image_with_real_and_fake_class_by_class(self, batch: SceneBatch) -> None:
        """Given a D that only copies its image, which mixes as its images do, LabelMix costs nothing."""

        class Copy(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.scale = nn.Parameter(torch.ones(()))

            def forward(self, image: Tensor) -> Any:
                from ipose.synthesis.discriminator import DiscriminatorOutput

                logits = self.scale * torch.cat([image, image.square()], dim=1)[:, :5]
                return DiscriminatorOutput(logits, image[:, :1])

        system = system_of()
        copying = SynthesisObjective(system.generator, Copy(), system.config, infer_parts=system.infer_parts)
        assert losses_of(copying, batch, "discriminator")["label_mix"].item() == 0
        assert losses_of(system, batch, "discriminator")["label_mix"].item() > 0

    def test_label_mix_moves_what_d_says_of_all_three_images(self, batch: SceneBatch) -> None:
        system, said = system_of(), list[Tensor]()

        def keep(module: nn.Module, inputs: tuple[Tensor, ...], output: Any) -> None:
            output.segmentation.retain_grad()
            said.append(output.segmentation)

        system.discriminator.register_forward_hook(keep)
        losses_of(system, batch, "discriminator")["label_mix"].backward()
        assert all(slope.any() for slope in said[0].grad.chunk(3))

    def test_the_releases_label_mix_mask_is_an_option(self, batch: SceneBatch) -> None:
        """Given classes 0 and 1 in both images, what D sees of class 0 is real only where class 1 is real."""
        system, seen = system_of(config=replace(CONFIG, label_mix_mask="release")), []
        system.discriminator.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0].chunk(3)))
        for seed in range(12):
            losses_of(system, batch, "discriminator", seed)
        real = torch.stack([(mixed == photo).all(1)[:, (0, 0), (0, 8)] for photo, _, mixed in seen])
        assert (real[..., 0] <= real[..., 1]).all()
        assert torch.equal(real[:, 0], real[:, 1])
        assert real.any()
        assert not real.all()

    @pytest.mark.parametrize(
        ("field", "terms"),
        [
            ("global_weight", ("global", "global_real", "global_fake")),
            ("style_weight", ("style",)),
            ("label_mix_weight", ("label_mix",)),
        ],
    )
    def test_weights_scale_their_terms_alone(
        self, field: str, terms: tuple[str, ...], batch: SceneBatch, style: CLIPStyle
    ) -> None:
        def all_terms(weight: float) -> dict[str, Tensor]:
            system = settle(system_of(style, replace(CONFIG, **{field: weight})))
            return {name: t for phase in system.phases(batch, noise()) for name, t in phase.losses().items()}

        one, three, none = all_terms(1.0), all_terms(3.0), all_terms(0.0)
        for name, value in one.items():
            torch.testing.assert_close(three[name], value * (3 if name in terms else 1))
        assert set(one) - set(none) == set(terms)

    def test_the_published_weights_are_the_defaults(self) -> None:
        assert (CONFIG.global_weight, CONFIG.style_weight, CONFIG.label_mix_weight) == (1, 10, 10)

    def test_the_unknown_class_teaches_the_generator_nothing(self, batch: SceneBatch) -> None:
        """Given a batch of unknown pixels, the (N+1) term is 0, and without an unknown class it is not."""
        nameless = replace(batch, label=torch.zeros_like(batch.label))
        assert losses_of(system_of(), nameless, "generator")["n_plus_one"].item() == 0
        every = system_of(config=replace(CONFIG, unknown=None))
        assert losses_of(every, nameless, "generator")["n_plus_one"].item() > 0

    def test_style_is_ten_times_the_distance_of_fake_from_real_crops(self, batch: SceneBatch, style: CLIPStyle) -> None:
        """Given no objects and the release's rule, whole images are compared half of the time, else the term is 0."""
        seen: list[tuple[tuple[Tensor, Tensor], Tensor]] = []
        handle = style.register_forward_hook(lambda module, inputs, output: seen.append((inputs, output)))
        bare = replace(batch, objects=(), image_index=batch.image_index[:0])
        asked = []
        for seed in range(8):
            seen.clear()
            system = system_of(style, replace(CONFIG, style_crops="release"))
            term = losses_of(system, bare, "generator", seed)["style"]
            asked.append(len(seen))
            for (fake, real), distance in seen:
                assert fake.requires_grad
                assert torch.equal(real, batch.image)
                assert term.item() == pytest.approx(10 * distance.item())
            assert (term > 0) == bool(seen)
        handle.remove()
        assert set(asked) == {0, 1}

    @pytest.mark.parametrize("shape", ["label_and_instance", "instance"])
    def test_style_crops_are_of_objects_as_object_shape_says(
        self, batch: SceneBatch, monkeypatch: pytest.MonkeyPatch, shape: str
    ) -> None:
        """Given an instance id that reaches into a neighbour of another class, the release's box is the larger one."""
        shown: list[SceneBatch] = []
        monkeypatch.setattr(objective, "style_crops", lambda fake, real, scenes, *_, **__: shown.append(scenes))
        wide = replace(batch, instance=(batch.label >= 2).int())
        losses_of(system_of(nn.Identity(), replace(CONFIG, object_shape=shape)), wide, "generator")
        expected = by_instance_alone(wide) if shape == "instance" else wide
        assert shown[0].objects == expected.objects
        assert (expected.objects == wide.objects) == (shape != "instance")

    @pytest.mark.parametrize("rule", ["release", "objects"])
    def test_style_crops_are_told_the_rule_the_noise_and_the_classes_to_compare_too(
        self, batch: SceneBatch, monkeypatch: pytest.MonkeyPatch, rule: str
    ) -> None:
        told: list[Any] = []
        monkeypatch.setattr(objective, "style_crops", lambda *given, also: told.append((given[3:], also)))
        made = system_of(nn.Identity(), replace(CONFIG, style_crops=rule))
        networks, helper = (made.generator, made.discriminator), nn.Identity()
        made = SynthesisObjective(*networks, made.config, infer_parts=PartsOf(), style=helper, also_compared=(3,))
        source = noise()
        assert made.generator_losses(batch, batch.image, made._parts(batch), source)["style"] == 0
        assert told == [((rule, source), (3,))]

    def test_diversity_is_ten_times_the_loss_of_two_fakes_and_moves_both(self, batch: SceneBatch) -> None:
        system, fakes = system_of(config=replace(CONFIG, diversity=0.7)), list[Tensor]()

        def keep(module: nn.Module, inputs: tuple[Tensor, ...], image: Tensor) -> None:
            image.retain_grad()
            fakes.append(image)

        system.generator.register_forward_hook(keep)
        term = losses_of(system, batch, "generator")["diversity"]
        assert torch.equal(term, 10 * diversity_loss(*fakes, batch.label, 4, 0.7))
        term.backward()
        assert not torch.equal(*fakes)
        assert all(fake.grad is not None and bool(fake.grad.any()) for fake in fakes)
        assert "diversity" not in losses_of(system_of(), batch, "generator")

    def test_style_of_a_batch_without_objects_is_0_by_the_papers_rule(
        self, batch: SceneBatch, style: CLIPStyle
    ) -> None:
        bare = replace(batch, objects=(), image_index=batch.image_index[:0])
        assert losses_of(system_of(style), bare, "generator")["style"].item() == 0

    def test_the_log_form_is_an_option(self, batch: SceneBatch) -> None:
        log = losses_of(settle(system_of(config=replace(CONFIG, global_loss="log"))), batch, "discriminator")
        hinge = losses_of(settle(system_of()), batch, "discriminator")
        assert log["real"] == hinge["real"]
        assert log["global_real"] != hinge["global_real"]
        none = losses_of(system_of(config=replace(CONFIG, global_loss="none")), batch, "discriminator")
        assert set(none) == {"real", "fake", "label_mix"}


class TestConstruction:
    """Optimizers, parts and helpers are what the config says."""

    def test_adam_with_the_configs_rates_and_float_betas(self) -> None:
        system = system_of()
        rates = {name: optimizer.param_groups[0]["lr"] for name, optimizer in system.optimizers.items()}
        assert rates == {"generator": 1e-4, "discriminator": 4e-4}
        for name, optimizer in system.optimizers.items():
            assert optimizer.param_groups[0]["betas"] == (0.0, 0.999)
            owned = {id(p) for p in optimizer.param_groups[0]["params"]}
            assert owned == {id(p) for p in system.networks[name].parameters()}

    def test_frozen_helpers_are_no_networks_of_the_system(self, style: CLIPStyle) -> None:
        assert set(system_of(style).networks) == {"generator", "discriminator"}

    def test_the_generator_alone_is_averaged(self) -> None:
        assert system_of().averaged == ("generator",)

    @pytest.mark.parametrize("changes", [{"style_loss": "none"}, {"style_weight": 0.0}])
    def test_a_style_encoder_that_is_not_asked_for_is_not_used(
        self, batch: SceneBatch, style: CLIPStyle, changes: dict[str, Any]
    ) -> None:
        system = SynthesisObjective.from_config(replace(CONFIG, **changes), infer_parts=PartsOf(), style=style)
        assert system.style is None
        assert set(losses_of(system, batch, "generator")) == {"n_plus_one", "global"}

    @pytest.mark.parametrize("which", ["clip", "vgg"])
    def test_a_style_loss_without_its_encoder_is_refused(self, which: str) -> None:
        with pytest.raises(ConfigError, match=rf"\[style_loss\].*found {which}.*load_clip_style.*load_vgg_loss"):
            SynthesisObjective.from_config(replace(CONFIG, style_loss=which))

    def test_the_vgg_loss_of_object_crops_takes_the_place_of_clips(self, batch: SceneBatch) -> None:
        vgg = tiny_vgg_loss(0)
        system = settle(system_of(vgg, replace(CONFIG, style_loss="vgg")))
        seen: list[tuple[Tensor, ...]] = []
        vgg.register_forward_hook(lambda module, inputs, value: seen.append((*inputs, value)))
        style = losses_of(system, batch, "generator")["style"]
        fake, real, value = seen[0]
        assert fake.shape == real.shape == (2, 3, 128, 128)
        assert torch.equal(style, 10 * value)
        style.backward()
        assert {n for n, p in system.generator.named_parameters() if p.ndim > 1} <= with_gradient(system.generator)

    @pytest.mark.parametrize("which", ["true", "position_descriptor"])
    def test_parts_of_another_kind_enter_whole_whatever_part_input_says(self, batch: SceneBatch, which: str) -> None:
        config = replace(CONFIG, parts=which, part_input="logits", style_loss="none")
        batch = replace(batch, part=(batch.label % 3).to(torch.uint8))
        torch.manual_seed(0)
        system, received = SynthesisObjective.from_config(config, infer_parts=parts_function(which)), []
        system.generator.register_forward_pre_hook(lambda module, inputs: received.append(inputs))
        losses_of(system, batch, "generator")["n_plus_one"].backward()
        expected = parts_function(which)(batch)
        assert torch.equal(received[0][1], expected.features)
        assert torch.equal(received[0][2], expected.mask)
        assert {n for n, p in system.generator.named_parameters() if p.ndim > 1} <= with_gradient(system.generator)

    @pytest.mark.parametrize("which", ["features", "logits"])
    def test_parts_enter_as_features_or_as_logits(self, batch: SceneBatch, which: str) -> None:
        system, received = system_of(config=replace(CONFIG, part_input=which)), []
        system.generator.register_forward_pre_hook(lambda module, inputs: received.append(inputs))
        losses_of(system, batch, "generator")
        assert received[0][1].max() == (1 if which == "features" else 2)
        assert torch.equal(received[0][2], (batch.label[:, None] == 2).float())

    def test_a_model_without_parts_trains_too(self, batch: SceneBatch) -> None:
        config = replace(CONFIG, style_loss="none", part_injection="none")
        torch.manual_seed(0)
        system = SynthesisObjective.from_config(config)
        losses_of(system, batch, "generator")["n_plus_one"].backward()
        assert {n for n, p in system.generator.named_parameters() if p.ndim > 1} <= with_gradient(system.generator)

    def test_moves_its_helpers_too(self, style: CLIPStyle) -> None:
        system = system_of(tiny_clip_style(1))
        system.to("meta")
        assert isinstance(system.infer_parts, nn.Module)
        assert isinstance(system.style, nn.Module)
        helpers = (*system.generator.parameters(), *system.infer_parts.parameters(), *system.style.parameters())
        assert all(p.is_meta for p in helpers)

    def test_under_bfloat16_all_terms_are_float32_and_near_those_of_float32(
        self, batch: SceneBatch, style: CLIPStyle
    ) -> None:
        def terms() -> dict[str, Tensor]:
            phases = settle(system_of(style)).phases(batch, noise())
            return {f"{phase.name}.{name}": t for phase in phases for name, t in phase.losses().items()}

        wide = terms()
        with torch.autocast("cpu", torch.bfloat16):
            narrow = terms()
        assert {t.dtype for t in narrow.values()} == {torch.float32}
        values = {name: term.item() for name, term in narrow.items()}
        assert values == pytest.approx({name: term.item() for name, term in wide.items()}, rel=0.05, abs=0.02)


def test_phases_are_those_of_the_loop_generator_first(batch: SceneBatch) -> None:
    phases = list(system_of().phases(batch, noise()))
    assert all(isinstance(phase, Phase) for phase in phases)
    assert [(phase.networks, phase.optimizer) for phase in phases] == [
        (("generator",), "generator"),
        (("discriminator",), "discriminator"),
    ]
