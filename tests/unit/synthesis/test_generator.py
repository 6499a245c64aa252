"""The generator keeps its contract for every part injection and width, and has the published number of parameters."""

from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrize

from ipose.errors import ConfigError, ShapeMismatchError
from ipose.layers.psm_block import PSMBlock
from ipose.synthesis.generator import Generator
from ipose.synthesis.presets import preset
from ipose.synthesis.scene_noise import scene_noise
from ipose.testing.generator_contract import TINY, GeneratorContract

SMALL = replace(TINY, channel_multipliers=(4, 3, 2, 1))
"""Three blocks, hence multiples of 4: what differs between injections does not hang on depth."""


class TestGenerator(GeneratorContract):
    """Six PSM blocks: multiples of 32."""

    implementation = Generator

    @torch.no_grad()
    def test_where_no_part_is_known_the_part_features_do_not_enter(self, device):
        network, (label, parts, mask, z, noise) = self._settled(device)
        nowhere = torch.zeros_like(mask)
        images = [self.call(network, (label, p, nowhere, z, noise)) for p in (parts, -parts)]
        assert torch.equal(*images)

    @torch.no_grad()
    def test_where_parts_are_known_everywhere_the_part_noise_does_not_enter(self, device):
        network, (label, parts, mask, z, noise) = self._settled(device)
        everywhere = torch.ones_like(mask)
        images = [self.call(network, (label, parts, everywhere, z, n)) for n in (noise, -noise)]
        assert torch.equal(*images)

    @torch.no_grad()
    def test_parts_and_part_noise_change_the_image(self, device):
        network, (label, parts, mask, z, noise) = self._settled(device)
        before = self.call(network, (label, parts, mask, z, noise))
        for changed in ((label, -parts, mask, z, noise), (label, parts, mask, z, -noise)):
            assert (self.call(network, changed) - before).abs().mean() > 1e-4

    @pytest.mark.parametrize("dtype", [torch.bool, torch.uint8, torch.int64])
    @torch.no_grad()
    def test_takes_a_mask_of_any_dtype(self, device, dtype):
        network, (label, parts, mask, z, noise) = self._settled(device)
        images = [self.call(network, (label, parts, m, z, noise)) for m in (mask, mask.to(dtype))]
        assert torch.equal(*images)


class TestGeneratorOfTwoBlocks(GeneratorContract):
    """One doubling: any even size.

    Claims of GeneratorContract: takes any multiple and gives an image of that size; pixels are between minus 1 and 1;
    refuses a size that the blocks cannot reach; refuses a class id that it does not know; names an input of other
    channels; one z an image is the same z at every pixel; z and the label map change the image; those of
    NetworkContract.
    """

    implementation = Generator
    config = replace(TINY, channel_multipliers=(3, 2, 1))
    size = (6, 10)


class TestToyGenerator(GeneratorContract):
    """The preset of the demo."""

    implementation = Generator
    config = preset("toy", num_classes=4, part_feature_channels=2)
    size = (16, 24)


class TestGeneratorOfSpadeInjection(GeneratorContract):
    """Parts in the map of every SPADE."""

    implementation = Generator
    config = replace(SMALL, part_injection="spade")
    size = (8, 12)


class TestGeneratorOfConcatInjection(GeneratorContract):
    """Parts beside the input of every block."""

    implementation = Generator
    config = replace(SMALL, part_injection="concat")
    size = (8, 12)


class TestGeneratorWithoutParts(GeneratorContract):
    """The OASIS baseline."""

    implementation = Generator
    config = replace(SMALL, part_injection="none")
    size = (8, 12)

    @torch.no_grad()
    def test_parts_do_not_enter(self, device):
        network, (label, parts, mask, z, noise) = self._settled(device)
        images = [self.call(network, (label, sign * parts, mask, z, sign * noise)) for sign in (1, -1)]
        assert torch.equal(*images)


class TestGeneratorOfPartLogits(GeneratorContract):
    """The paper's "part map" in place of features: nine channels in."""

    implementation = Generator
    config = replace(SMALL, part_input="logits")
    size = (8, 12)

    def test_reads_one_channel_for_each_part(self):
        assert self.make().part_input.conv.in_channels == 9


class TestGeneratorOfSpectralNormEverywhere(GeneratorContract):
    """The paper's "spectral norm on every layer"."""

    implementation = Generator
    config = replace(SMALL, spectral_norm="all")
    size = (8, 12)

    def test_every_convolution_has_it(self):
        convolutions = [m for m in self.make().modules() if isinstance(m, nn.Conv2d | nn.ConvTranspose2d)]
        assert all(parametrize.is_parametrized(m, "weight") for m in convolutions)


class ThirdPartyBlock(PSMBlock):
    """A stranger's block: PSM, with a gate on the part step."""

    def __init__(self, fin, fout, **widths):
        super().__init__(fin, fout, **widths)
        self.gate = nn.Conv2d(fin, fin, 1)

    def forward(self, x, *maps):
        return super().forward(x + torch.tanh(self.gate(x)), *maps)


class TestGeneratorOfAThirdPartysBlock(GeneratorContract):
    """A block passed in takes the PSM block's place."""

    config = SMALL
    size = (8, 12)

    @staticmethod
    def implementation(config):
        return Generator(config, block=ThirdPartyBlock)

    def test_all_its_blocks_are_the_strangers(self):
        assert all(isinstance(block, ThirdPartyBlock) for block in self.make().blocks)

    def test_refuses_a_block_where_another_injection_is_asked_for(self):
        with pytest.raises(ConfigError, match="part_injection"):
            Generator(replace(TINY, part_injection="none"), block=ThirdPartyBlock)


@pytest.mark.parametrize("injection", ["psm", "concat", "none", "spade"])
@pytest.mark.parametrize("training", [False, True])
def test_the_form_of_the_semantic_map_changes_neither_image_nor_gradient(injection, training):
    """SPADE on distinct neighbourhoods and on every pixel give the same in float64, for z of an image or a region."""
    torch.manual_seed(0)
    config = replace(SMALL, part_injection=injection)
    network = Generator(config).double().train(training)
    state = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    label = torch.randint(0, 4, (2, 2, 4)).repeat_interleave(4, 1).repeat_interleave(4, 2)
    parts, mask = torch.randn(2, config.part_input_channels, 8, 16).double(), torch.zeros(2, 1, 8, 16)
    noise, vectors = torch.randn(2, 3, 2, 4).double(), torch.randn(2, 3).double()
    for z in (vectors, torch.where(label[:, None] > 1, vectors[:, :, None, None], vectors[:1, :, None, None])):
        found = []
        for form in ("neighbourhoods", "dense"):
            network.load_state_dict(state)
            network.map_form = form
            image = network(label, parts, mask, z=z, part_noise=noise)
            gradients = torch.autograd.grad(image[:, 0].sum(), list(network.parameters()), allow_unused=True)
            found.append([image, *(gradient for gradient in gradients if gradient is not None)])
        for ours, dense in zip(*found, strict=True):
            torch.testing.assert_close(ours, dense, atol=1e-9, rtol=1e-9)


@pytest.mark.parametrize("form", ["neighbourhoods", "dense"])
@pytest.mark.parametrize("training", [False, True])
def test_under_bfloat16_autocast_the_image_is_nearly_the_same_and_float32(form, training):
    torch.manual_seed(0)
    network = Generator(replace(SMALL, init_gain=0.5)).train(training)
    network.map_form = form
    label = torch.randint(0, 4, (2, 2, 4)).repeat_interleave(4, 1).repeat_interleave(4, 2)
    given = label, torch.randn(2, SMALL.part_input_channels, 8, 16), torch.zeros(2, 1, 8, 16)
    state = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    exact = network(*given)
    network.load_state_dict(state)
    with torch.autocast("cpu", torch.bfloat16):
        image = network(*given)
    image.sum().backward()
    assert image.dtype == torch.float32
    assert (image - exact).abs().max() < 0.1 * (exact.max() - exact.min())
    assert all(p.grad.isfinite().all() for p in network.parameters() if p.grad is not None)


class TestParameters:
    """What is trained, counted and initialised."""

    def test_at_183_classes_106905275_live_parameters(self):
        with torch.device("meta"):
            generator = Generator(preset("coco-stuff"))
        assert sum(p.numel() for p in generator.parameters()) == 106_905_275

    def test_spectral_norm_is_on_residual_and_shortcut_convolutions_only(self):
        generator = Generator(TINY)
        normed = {name.split(".", 2)[2] for name, m in generator.named_modules() if parametrize.is_parametrized(m)}
        assert normed == {"conv_p", "residual.conv_0", "residual.conv_1", "residual.conv_s"}

    def test_weights_begin_with_the_gain_of_the_config(self):
        spread = [Generator(replace(TINY, init_gain=gain)).to_image.weight.std().item() for gain in (0.01, 1.0)]
        assert spread[0] < 0.05 * spread[1]

    def test_widths_are_those_of_the_config(self):
        generator = Generator(replace(TINY, spade_hidden=5, part_hidden=6))
        block = generator.blocks[0]
        assert block.residual.spade_0.gamma_beta.shared.out_channels == 5
        assert block.part_modulation.part_gamma_beta.shared.out_channels == 6


class TestNoiseThatIsLeftOut:
    """z and part_noise that a call leaves out are drawn as the pipeline draws them: from (seed, scene name)."""

    size, names = (8, 16), ("street", "field")

    @pytest.fixture
    def call(self):
        torch.manual_seed(0)
        network, (h, w) = Generator(replace(SMALL, init_gain=1.0)).eval(), self.size
        label = torch.randint(0, SMALL.num_classes, (2, h, w))
        parts, mask = torch.randn(2, SMALL.part_input_channels, h, w), torch.zeros(2, 1, h, w)
        return torch.no_grad()(lambda **rest: network(label, parts, mask, **rest))

    def test_is_that_of_seed_and_scene_name(self, call):
        drawn = [scene_noise(SMALL, self.size, 7, name) for name in self.names]
        z, part_noise = (torch.stack(tensors) for tensors in zip(*drawn, strict=True))
        expected = call(z=z, part_noise=part_noise)
        assert torch.equal(call(seed=7, names=self.names), expected)
        assert torch.equal(call(z=z, seed=7, names=self.names), expected)
        assert torch.equal(call(part_noise=part_noise, seed=7, names=self.names), expected)
        expected = call(z=-z, part_noise=part_noise), call(z=z, part_noise=-part_noise)
        assert torch.equal(call(z=-z, seed=7, names=self.names), expected[0])
        assert torch.equal(call(part_noise=-part_noise, seed=7, names=self.names), expected[1])

    def test_scenes_without_names_are_numbered(self, call):
        assert torch.equal(call(), call(seed=0, names=("0", "1")))

    def test_another_seed_or_name_gives_another_image(self, call):
        assert not torch.allclose(call(seed=7, names=self.names), call(seed=8, names=self.names), atol=1e-4)
        assert not torch.allclose(call(names=("a", "b")), call(names=("a", "c")), atol=1e-4)

    def test_names_are_counted(self, call):
        with pytest.raises(ShapeMismatchError, match=r"\[names\].*found 1, expected 2"):
            call(names=("street",))
