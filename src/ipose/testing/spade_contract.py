"""Contract of SPADE: normalise, then scale and shift each pixel as the map says."""

import torch
from torch import Tensor, nn

from ipose.reference.spade import spade
from ipose.testing.claims import Contract, interface, paper_method

CHANNELS, MAP_CHANNELS, HIDDEN = 3, 4, 5
LOOP_SIZES = (2, 3, 1), (3, 2, 2), (2, 2, 3)
"""Height and width of the features, and how many times larger the maps are, where the loops are the oracle."""


def random_tensor(seed: int, *shape: int) -> Tensor:
    """float64, standard normal, made on the CPU."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def redraw(module: nn.Module, seed: int, device: torch.device) -> nn.Module:
    """The module in float64 with all parameters standard normal / 3, so that no claim holds because a weight is 0."""
    module = module.double().to(device)
    with torch.no_grad():
        for i, parameter in enumerate(module.parameters()):
            parameter.copy_(random_tensor(seed + i, *parameter.shape) / 3)
    return module


class SPADEContract(Contract):
    """`implementation(channels, map_channels, hidden)` is a module called as `module(x, semantic_map)`."""

    def weights(self, module: nn.Module) -> dict[str, Tensor]:
        """The module's weights by the names of `ipose.reference.spade`: shared, gamma, beta, each weight and bias."""
        return {
            name.removeprefix("gamma_beta."): tensor for name, tensor in module.named_parameters(remove_duplicate=False)
        }

    def make(self, seed: int, device: torch.device) -> nn.Module:
        """A module of three channels under a map of four, all weights random, float64, in training mode."""
        return redraw(self.implementation(CHANNELS, MAP_CHANNELS, HIDDEN), seed, device).train()

    @paper_method("norm(x) (1 + gamma) + beta, from the label map (SPADE eq. 1)")
    def test_agrees_with_the_loops_in_float64(self, device: torch.device) -> None:
        for seed, (h, w, scale) in enumerate(LOOP_SIZES):
            module, x = self.make(seed, device), random_tensor(seed, 2, CHANNELS, h, w).to(device)
            semantic_map = random_tensor(seed + 1, 2, MAP_CHANNELS, h * scale, w * scale).to(device)
            with torch.no_grad():
                expected = spade(x, semantic_map, self.weights(module))
                torch.testing.assert_close(module(x, semantic_map), expected, atol=1e-9, rtol=1e-9)

    @paper_method("features are batch-normalised first (SPADE eq. 1)")
    def test_in_training_scale_and_offset_of_a_channel_do_not_matter(self, device: torch.device) -> None:
        module, x = self.make(0, device), random_tensor(1, 2, CHANNELS, 4, 5).to(device)
        semantic_map = random_tensor(2, 2, MAP_CHANNELS, 4, 5).to(device)
        for gain, offset in ((0.5, 0), (4, -5), (1, 3)):
            y = module(gain * x + offset, semantic_map)
            torch.testing.assert_close(y, module(x, semantic_map), atol=1e-3, rtol=1e-3)

    @interface
    def test_in_eval_mode_each_image_is_its_own(self, device: torch.device) -> None:
        module, x = self.make(0, device), random_tensor(1, 2, CHANNELS, 4, 5).to(device)
        semantic_map = random_tensor(2, 2, MAP_CHANNELS, 4, 5).to(device)
        module(x, semantic_map)
        module.eval()
        torch.testing.assert_close(module(x, semantic_map)[:1], module(x[:1], semantic_map[:1]))

    @paper_method("two convolutions 3x3 make gamma and beta (SPADE sec. 3)")
    def test_a_pixel_of_the_map_reaches_two_pixels_far(self, device: torch.device) -> None:
        """Two 3x3 convolutions in a row: given one changed pixel of the map, 5x5 pixels change and no other."""
        module, x = self.make(0, device).eval(), random_tensor(1, 1, CHANNELS, 9, 9).to(device)
        before = random_tensor(2, 1, MAP_CHANNELS, 9, 9).to(device)
        after = before.clone()
        after[:, :, 4, 4] += 10
        changed = (module(x, before) != module(x, after)).any(1)[0]
        assert all(edge.any() for edge in (changed[2], changed[6], changed[:, 2], changed[:, 6]))
        assert changed.sum() == changed[2:7, 2:7].sum()

    @paper_method("each channel has its gamma and beta (SPADE eq. 1)")
    def test_all_channels_are_modulated_on_their_own(self, device: torch.device) -> None:
        """Given the same values in all channels, their outputs differ: gamma and beta have one channel for each."""
        module = self.make(0, device).eval()
        x = random_tensor(1, 1, 1, 4, 5).expand(1, CHANNELS, 4, 5).to(device)
        y = module(x, random_tensor(2, 1, MAP_CHANNELS, 4, 5).to(device))
        assert not torch.allclose(y[:, :1].expand_as(y), y)

    @interface
    def test_gradient_reaches_features_map_and_every_weight(self, device: torch.device) -> None:
        module = self.make(0, device)
        x = random_tensor(1, 2, CHANNELS, 4, 5).to(device).requires_grad_()
        semantic_map = random_tensor(2, 2, MAP_CHANNELS, 4, 5).to(device).requires_grad_()
        (module(x, semantic_map) * random_tensor(3, 2, CHANNELS, 4, 5).to(device)).sum().backward()
        for tensor in (x, semantic_map, *module.parameters()):
            assert tensor.grad is not None
            assert tensor.grad.any()
