"""CLIPStyle: tokens of a frozen encoder, gradients to the fakes alone."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from ipose.errors import ConfigError
from ipose.losses import CLIPStyle, relaxed_emd, tiny_clip_style, visual_tokens
from ipose.losses.clip_style import CLIP_MEAN, CLIP_STD, STYLE_BLOCK, StyleResize


@pytest.fixture(scope="module")
def style() -> CLIPStyle:
    pytest.importorskip("open_clip")
    return tiny_clip_style(0)


def images(seed: int, size: tuple[int, int] = (24, 40)) -> Tensor:
    return torch.rand(2, 3, *size, generator=torch.Generator().manual_seed(seed)) * 2 - 1


class TestVisualTokens:
    """Tokens of one block, class token dropped, of images brought to CLIP's scale and size."""

    def test_one_token_a_patch_and_none_for_the_class(self, style: CLIPStyle) -> None:
        assert visual_tokens(style.visual, images(0), 1).shape == (2, 16, 16)  # (32 / 8)^2 patches, width 16

    def test_are_the_output_of_the_block_counted_from_0(self, style: CLIPStyle) -> None:
        seen = {}
        for index, block in enumerate(style.visual.transformer.resblocks):
            block.register_forward_hook(lambda module, inputs, output, index=index: seen.update({index: output}))
        for index in (0, 1):
            tokens = visual_tokens(style.visual, images(0), index)
            assert torch.equal(tokens, seen[index][:, 1:])

    def test_the_encoder_sees_clips_scale(self, style: CLIPStyle) -> None:
        """Given an image of CLIP's mean colour, the encoder's first convolution sees zeros; of white, (1-mean)/std."""
        seen: list[Tensor] = []
        handle = style.visual.conv1.register_forward_hook(lambda module, inputs, output: seen.append(inputs[0]))
        mean = torch.tensor([0.48145466, 0.4578275, 0.40821073])[None, :, None, None]
        visual_tokens(style.visual, (mean * 2 - 1).expand(1, 3, 20, 20), 0)
        visual_tokens(style.visual, torch.ones(1, 3, 20, 20), 0)
        handle.remove()
        assert seen[0].shape == (1, 3, 32, 32)
        torch.testing.assert_close(seen[0], torch.zeros(1, 3, 32, 32), atol=1e-5, rtol=0)
        assert seen[1][0, :, 5, 5].tolist() == pytest.approx([1.9303, 2.0749, 2.1459], abs=1e-3)

    @pytest.mark.parametrize(("resize", "levels"), [("clip", {0.5}), ("release", {0.0, 1.0})])
    def test_shrinking_is_antialiased_as_in_clip_or_not_as_in_the_release(
        self, style: CLIPStyle, resize: StyleResize, levels: set[float]
    ) -> None:
        """Given a checkerboard of pixels, three times too large, the antialiased encoder sees grey; without, it sees
        every third pixel, black or white."""
        seen: list[Tensor] = []
        handle = style.visual.conv1.register_forward_hook(lambda module, inputs, output: seen.append(inputs[0]))
        rows, cols = torch.meshgrid(torch.arange(96), torch.arange(96), indexing="ij")
        board = ((rows + cols) % 2 * 2.0 - 1).expand(1, 3, 96, 96)
        visual_tokens(style.visual, board, 0, resize)
        handle.remove()
        red = seen[0][0, 0, 4:-4, 4:-4] * 0.26862954 + 0.48145466
        assert {round(value, 1) for value in red.flatten().tolist()} == levels

    @pytest.mark.parametrize(
        ("resize", "how"), [("clip", {"mode": "bicubic", "antialias": True}), ("release", {"mode": "bilinear"})]
    )
    def test_the_resize_is_torchs(self, style: CLIPStyle, resize: StyleResize, how: dict[str, Any]) -> None:
        seen: list[Tensor] = []
        handle = style.visual.conv1.register_forward_hook(lambda module, inputs, output: seen.append(inputs[0]))
        visual_tokens(style.visual, images(0, (50, 70)), 0, resize)
        handle.remove()
        expected = F.interpolate((images(0, (50, 70)) + 1) / 2, size=(32, 32), **how)
        mean, deviation = (torch.tensor(values)[:, None, None] for values in (CLIP_MEAN, CLIP_STD))
        torch.testing.assert_close(seen[0], (expected - mean) / deviation)

    def test_the_style_is_read_from_the_block_number_8(self) -> None:
        assert STYLE_BLOCK == 8

    def test_the_last_block_is_the_last_one_that_there_is(self, style: CLIPStyle) -> None:
        with pytest.raises(ConfigError, match=r"found 2, expected 0\.\.1"):
            visual_tokens(style.visual, images(0), 2)
        with pytest.raises(ConfigError, match=r"found -1, expected 0\.\.1"):
            visual_tokens(style.visual, images(0), -1)

    def test_a_block_that_is_not_there_is_refused(self, style: CLIPStyle) -> None:
        with pytest.raises(ConfigError, match=r"found 8, expected 0\.\.1"):
            visual_tokens(style.visual, images(0))


class TestCLIPStyle:
    """Frozen, in eval mode, and differentiable in the fakes alone."""

    def test_equal_images_are_no_distance_apart(self, style: CLIPStyle) -> None:
        assert style(images(0), images(0)).item() == pytest.approx(0, abs=1e-5)
        assert style(images(0), images(1)).item() > 1e-3

    def test_is_the_relaxed_emd_of_the_tokens_of_its_block(self, style: CLIPStyle) -> None:
        expected = relaxed_emd(visual_tokens(style.visual, images(0), 1), visual_tokens(style.visual, images(1), 1))
        assert style(images(0), images(1)) == expected

    def test_gradient_reaches_the_fakes_and_nothing_else(self, style: CLIPStyle) -> None:
        fake, real = images(0).requires_grad_(), images(1).requires_grad_()
        style(fake, real).backward()
        assert fake.grad is not None
        assert fake.grad.abs().amax(dim=(1, 2, 3)).min() > 0
        assert real.grad is None
        assert all(not p.requires_grad and p.grad is None for p in style.parameters())

    def test_an_encoder_in_train_mode_is_put_into_eval_mode(self, style: CLIPStyle) -> None:
        visual = tiny_clip_style(1).visual.train().requires_grad_(True)
        frozen = CLIPStyle(visual, 1)
        assert not any(module.training for module in frozen.visual.modules())
        assert not any(parameter.requires_grad for parameter in frozen.parameters())

    def test_the_releases_resize_is_that_of_fakes_and_photographs(self, style: CLIPStyle) -> None:
        release = CLIPStyle(tiny_clip_style(0).visual, 1, "release")
        fake, real = images(0, (50, 70)), images(1, (50, 70))
        expected = relaxed_emd(*(visual_tokens(style.visual, each, 1, "release") for each in (fake, real)))
        assert release(fake, real) == expected != style(fake, real)

    def test_stays_in_eval_mode(self, style: CLIPStyle) -> None:
        style.train()
        assert not any(module.training for module in style.modules())

    def test_fake_and_real_may_differ_in_size(self, style: CLIPStyle) -> None:
        large, small = images(0), images(1, (16, 16))
        expected = relaxed_emd(visual_tokens(style.visual, large, 1), visual_tokens(style.visual, small, 1))
        assert style(large, small) == expected > 0

    def test_a_step_down_its_gradient_lowers_it(self, style: CLIPStyle) -> None:
        fake = images(0).requires_grad_()
        before = style(fake, images(1))
        (grad,) = torch.autograd.grad(before, fake)
        assert style(fake - 0.1 * grad / grad.norm(), images(1)) < before
