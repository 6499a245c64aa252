"""Contract of a generator of GANSeg's kind: noise in, points, part masks and an image out.

Subclass it and set `config` (a small one of 3 parts); `make` builds GANSeg's own generator unless overridden.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

import pytest
import torch
from torch import Tensor, nn

from ipose.errors import ShapeMismatchError
from ipose.ganseg.blocks import start_weights
from ipose.ganseg.generator import GANSegGenerator, GANSegOutput
from ipose.ganseg.presets import GANSegConfig
from ipose.testing.claims import interface, paper_method
from ipose.testing.network_contract import NetworkContract


class GANSegGeneratorContract(NetworkContract):
    """Points say where parts are, the first noise alone moves them, and masks divide the image among the parts."""

    config: ClassVar[GANSegConfig]
    tolerance: ClassVar[float] = 2e-4
    """Narrow parts have steep heatmaps: rounding shows."""

    def make(self) -> nn.Module:
        """GANSeg's, its points apart enough that heatmaps are no specks; torch's own, small weights for the rest."""
        network = GANSegGenerator(self.config)
        start_weights(network.level1)
        return network

    def inputs(self, batch: int) -> tuple[Tensor, ...]:
        """The four fields of a noise."""
        noise = [torch.randn(batch, self.config.noise_channels) for _ in range(3)]
        return (20 * noise[0], *noise[1:], 2 * torch.rand(batch, 2) - 1)

    def call(self, network: nn.Module, inputs: Sequence[Tensor]) -> Any:
        """The noise's fields go in one by one."""
        return network(*inputs)

    def _outputs(self, device: torch.device, changed: int | None = None) -> tuple[GANSegOutput, GANSegOutput]:
        """Of some noise, and of the same with one field negated."""
        network, inputs = self._settled(device)
        other = [-tensor if i == changed else tensor for i, tensor in enumerate(inputs)]
        with torch.no_grad():
            return self.call(network, inputs), self.call(network, other)

    @interface
    def test_shapes_are_those_of_the_config(self, device: torch.device) -> None:
        config, output = self.config, self._outputs(device)[0]
        side, parts = config.image_size, config.parts
        assert output.image.shape == (3, 3, side, side)
        assert output.mask.shape == (3, parts + 1, side, side)
        assert output.heatmaps.shape == (3, parts, side, side)
        assert output.points.shape == (3, config.points, 2)
        assert output.part_map().max() <= parts

    @interface
    def test_the_masks_of_a_pixel_sum_to_1(self, device: torch.device) -> None:
        mask = self._outputs(device)[0].mask
        torch.testing.assert_close(mask.sum(1), torch.ones_like(mask[:, 0]), atol=1e-5, rtol=0)
        assert mask.min() >= 0

    @interface
    def test_pixels_and_points_are_between_minus_1_and_1(self, device: torch.device) -> None:
        output = self._outputs(device)[0]
        assert output.image.abs().max() <= 1
        assert output.image.std() > 0
        assert output.points.abs().max() <= 1

    @paper_method("a part's centre is the mean of its points (GANSeg sec. 3)")
    def test_centres_are_the_means_of_their_points(self, device: torch.device) -> None:
        output, each = self._outputs(device)[0], self.config.points_per_part
        for k in range(self.config.parts):
            mean = output.points[:, k * each : (k + 1) * each].mean(1)
            torch.testing.assert_close(output.centres[:, k], mean, atol=1e-6, rtol=1e-5)

    @paper_method("places and looks have noises of their own (GANSeg sec. 3)")
    def test_points_depend_on_the_first_noise_alone(self, device: torch.device) -> None:
        network, (points, *others) = self._settled(device)
        with torch.no_grad():
            one = self.call(network, [points, *others])
            assert torch.equal(one.points, self.call(network, [points, *(-noise for noise in others)]).points)
            assert (one.points - self.call(network, [-points, *others]).points).abs().max() > 1e-3

    @pytest.mark.parametrize("changed", [1, 3])
    @paper_method("the background is generated apart (GANSeg sec. 3)")
    def test_the_noise_of_the_background_reaches_the_background_alone(self, device: torch.device, changed: int) -> None:
        one, other = self._outputs(device, changed)
        assert torch.equal(one.mask, other.mask)
        assert torch.equal(one.foreground, other.foreground)
        assert not torch.equal(one.background, other.background)

    @paper_method("the row of the background's place is fixed (the release; the paper: for Taichi)")
    def test_the_row_of_the_background_counts_only_where_the_config_lets_it(self, device: torch.device) -> None:
        network, inputs = self._settled(device)
        moved = [*inputs[:3], inputs[3] + torch.tensor([0.5, 0.0], device=device)]
        with torch.no_grad():
            one, other = self.call(network, inputs), self.call(network, moved)
        assert torch.equal(one.image, other.image) == self.config.fixed_background_row

    @interface
    def test_noise_of_another_width_is_refused_by_name(self, device: torch.device) -> None:
        network, (*noises, position) = self._fresh(device)
        with pytest.raises(ShapeMismatchError, match=r"points.*noise of another width"):
            self.call(network, [*(noise[:, :-1] for noise in noises), position])
