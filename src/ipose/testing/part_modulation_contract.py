"""Contract of part modulation: one gamma and beta a pixel, from the parts where parts are known, else from noise."""

import torch
from torch import Tensor, nn

from ipose.reference.part_modulation import part_modulation
from ipose.testing.claims import SEEDS, Contract, interface, law, paper_method
from ipose.testing.spade_contract import LOOP_SIZES, random_tensor, redraw

CHANNELS, PART_CHANNELS, NOISE_CHANNELS, HIDDEN = 3, 4, 2, 5


def random_mask(seed: int, h: int, w: int) -> Tensor:
    """float64 (2, 1, h, w) of 0 and 1, at least one of each."""
    mask = (random_tensor(seed, 2, 1, h, w) > 0).double()
    mask[0, 0, 0, 0], mask[0, 0, -1, -1] = 0, 1
    return mask


class PartModulationContract(Contract):
    """`implementation(channels, part_channels, noise_channels, hidden)` is called as `module(x, part, mask, noise)`."""

    def weights(self, module: nn.Module) -> dict[str, Tensor]:
        """The module's weights by the names of `ipose.reference.part_modulation`: "part.*" and "noise.*"."""
        return {
            name.replace("_gamma_beta", ""): tensor for name, tensor in module.named_parameters(remove_duplicate=False)
        }

    def make(self, seed: int, device: torch.device) -> nn.Module:
        """A module of three channels, all weights random, float64, in training mode."""
        return redraw(self.implementation(CHANNELS, PART_CHANNELS, NOISE_CHANNELS, HIDDEN), seed, device).train()

    def inputs(self, seed: int, device: torch.device, h: int = 4, w: int = 5, scale: int = 1) -> tuple[Tensor, ...]:
        """(x, part, mask, noise), two images; parts and mask `scale` times as large as x."""
        shapes = (CHANNELS, h, w), (PART_CHANNELS, h * scale, w * scale), (NOISE_CHANNELS, h, w)
        x, part, noise = (random_tensor(seed + i, 2, *shape).to(device) for i, shape in enumerate(shapes))
        return x, part, random_mask(seed, h * scale, w * scale).to(device), noise

    @paper_method("norm(x) (1 + gamma) + beta, from the parts or from the noise (iPOSE sec. 3.2, fig. 3)")
    def test_agrees_with_the_loops_in_float64(self, device: torch.device) -> None:
        for seed, (h, w, scale) in enumerate(LOOP_SIZES):
            module, (x, part, mask, noise) = self.make(seed, device), self.inputs(seed, device, h, w, scale)
            with torch.no_grad():
                expected = part_modulation(x, part, mask, noise, self.weights(module))
                torch.testing.assert_close(module(x, part, mask, noise), expected, atol=1e-9, rtol=1e-9)

    @law(seed=SEEDS)
    @interface
    def test_where_the_mask_is_1_the_noise_does_not_enter(self, device: torch.device, seed: int) -> None:
        module, (x, part, mask, noise) = self.make(seed, device), self.inputs(seed, device)
        there = mask.expand_as(x) == 1
        before, after = module(x, part, mask, noise), module(x, part, mask, noise + 1)
        assert torch.equal(before[there], after[there])
        assert not torch.equal(before[~there], after[~there])

    @law(seed=SEEDS)
    @interface
    def test_where_the_mask_is_0_the_part_features_do_not_enter(self, device: torch.device, seed: int) -> None:
        module, (x, part, mask, noise) = self.make(seed, device), self.inputs(seed, device)
        elsewhere = mask.expand_as(x) == 0
        before, after = module(x, part, mask, noise), module(x, part + 1, mask, noise)
        assert torch.equal(before[elsewhere], after[elsewhere])
        assert not torch.equal(before[~elsewhere], after[~elsewhere])

    @paper_method("gamma and beta have one value a pixel, for all channels (iPOSE sec. 3.2)")
    def test_gamma_and_beta_have_one_channel_shared_by_all_features(self, device: torch.device) -> None:
        """Given the same values in all channels, before any running statistics, all channels come out the same."""
        module, (x, part, mask, noise) = self.make(0, device).eval(), self.inputs(1, device)
        for value in (torch.zeros_like(x), torch.ones_like(x), x[:, :1].expand_as(x)):  # 0 shows beta, 1 gamma too
            y = module(value, part, mask, noise)
            torch.testing.assert_close(y, y[:, :1].expand_as(y))

    @paper_method("gamma and beta are maps (iPOSE sec. 3.2)")
    def test_gamma_and_beta_differ_from_pixel_to_pixel(self, device: torch.device) -> None:
        module, (x, part, mask, noise) = self.make(0, device).eval(), self.inputs(1, device)
        beta = module(torch.zeros_like(x), part, mask, noise)[0, 0]
        gamma = module(torch.ones_like(x), part, mask, noise)[0, 0] - beta
        assert len(beta.unique()) == len(gamma.unique()) == beta.numel()

    @paper_method("one network for the parts, another for the noise (iPOSE sec. 3.2)")
    def test_parts_and_noise_have_weights_of_their_own(self, device: torch.device) -> None:
        weights = self.weights(self.make(0, device))
        assert len({tensor.data_ptr() for tensor in weights.values()}) == len(weights)

    @paper_method("features are batch-normalised first (iPOSE sec. 3.2, fig. 3)")
    def test_in_training_scale_and_offset_of_a_channel_do_not_matter(self, device: torch.device) -> None:
        module, (x, *maps) = self.make(0, device), self.inputs(1, device)
        for gain, offset in ((0.5, 0), (4, -5), (1, 3)):
            torch.testing.assert_close(module(gain * x + offset, *maps), module(x, *maps), atol=1e-3, rtol=1e-3)

    @interface
    def test_in_eval_mode_each_image_is_its_own(self, device: torch.device) -> None:
        module, inputs = self.make(0, device), self.inputs(1, device)
        module(*inputs)
        module.eval()
        torch.testing.assert_close(module(*inputs)[:1], module(*(tensor[:1] for tensor in inputs)))

    @interface
    def test_gradient_reaches_features_parts_noise_and_every_weight(self, device: torch.device) -> None:
        module, (x, part, mask, noise) = self.make(0, device), self.inputs(1, device)
        learned = [tensor.requires_grad_() for tensor in (x, part, noise)]
        y = module(x, part, mask, noise)
        (y * random_tensor(9, *y.shape).to(device)).sum().backward()
        for tensor in (*learned, *module.parameters()):
            assert tensor.grad is not None
            assert tensor.grad.any()
