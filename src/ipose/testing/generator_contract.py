"""Contract of the generator: any size of the right multiple, any noise, and every input means what it says."""

from collections.abc import Sequence
from typing import Any, ClassVar

import pytest
import torch
from torch import Tensor, nn

from ipose.errors import ConfigError, ShapeMismatchError
from ipose.synthesis.presets import SynthesisConfig
from ipose.testing.claims import interface
from ipose.testing.network_contract import NetworkContract

TINY = SynthesisConfig(
    num_classes=4,
    height=64,
    width=64,
    z_channels=3,
    channels=2,
    channel_multipliers=(4, 4, 4, 4, 3, 2, 1),
    spade_hidden=4,
    part_hidden=4,
    part_noise_channels=3,
    part_feature_channels=2,
    style_loss="none",
    init_gain=1.0,
)
"""Six blocks, hence multiples of 32, of a few channels each; a large initial gain, so that differences can be seen."""


class GeneratorContract(NetworkContract):
    """`implementation(config)` is a module called as `Generator` is; the claims of `NetworkContract` hold too."""

    config: ClassVar[SynthesisConfig] = TINY

    size: ClassVar[tuple[int, int]] = (32, 64)
    """Height and width of the label maps: multiples of the config's `size_multiple`, which is 2 at least."""

    def make(self) -> nn.Module:
        """A generator of the class's config."""
        network: nn.Module = self.implementation(self.config)
        return network

    def inputs(self, batch: int, size: tuple[int, int] | None = None) -> tuple[Tensor, ...]:
        """(label, part_features, part_mask, z, part_noise); label and mask are blocks that survive every resize."""
        config, (h, w) = self.config, size or self.size
        multiple = config.size_multiple
        start = h // multiple, w // multiple
        grown = [torch.randint(0, n, (batch, *start)) for n in (config.num_classes, 2)]
        grown[1][:, 0, 0], grown[1][:, -1, -1] = 0, 1
        label, mask = (t.repeat_interleave(multiple, 1).repeat_interleave(multiple, 2) for t in grown)
        parts = torch.randn(batch, config.part_input_channels, h, w)
        noise = torch.randn(batch, config.part_noise_channels, *start)
        return label, parts, mask[:, None].float(), torch.randn(batch, config.z_channels), noise

    def call(self, network: nn.Module, inputs: Sequence[Tensor]) -> Any:
        """Noise goes in by name."""
        label, part_features, part_mask, z, part_noise = inputs
        return network(label, part_features, part_mask, z=z, part_noise=part_noise)

    @pytest.mark.parametrize("multiples", [(1, 1), (1, 3), (2, 1)])
    @interface
    @torch.no_grad()
    def test_takes_any_multiple_and_gives_an_image_of_that_size(
        self, device: torch.device, multiples: tuple[int, int]
    ) -> None:
        network, _ = self._settled(device)
        h, w = (self.config.size_multiple * multiple for multiple in multiples)
        image = self.call(network, [tensor.to(device) for tensor in self.inputs(2, (h, w))])
        assert image.shape == (2, 3, h, w)

    @interface
    @torch.no_grad()
    def test_pixels_are_between_minus_1_and_1(self, device: torch.device) -> None:
        network, (label, parts, mask, z, noise) = self._settled(device)
        image = self.call(network, (label, 100 * parts, mask, 100 * z, noise))
        assert image.abs().max() <= 1
        assert image.std() > 0

    @pytest.mark.parametrize(("down", "right"), [(1, 0), (0, 1), (-1, -1)])
    @interface
    def test_refuses_a_size_that_the_blocks_cannot_reach(self, device: torch.device, down: int, right: int) -> None:
        network, (label, parts, mask, z, noise) = self._fresh(device)
        h, w = self.size[0] + down, self.size[1] + right
        label, parts, mask = (
            label.new_zeros(3, h, w),
            parts.new_zeros(*parts.shape[:2], h, w),
            mask.new_zeros(3, 1, h, w),
        )
        with pytest.raises(ShapeMismatchError, match=f"{h}x{w}.*multiples of {self.config.size_multiple}"):
            self.call(network, (label, parts, mask, z, noise))

    @pytest.mark.parametrize("wrong", [-1, TINY.num_classes, 255])
    @interface
    def test_refuses_a_class_id_that_it_does_not_know(self, device: torch.device, wrong: int) -> None:
        network, (label, *others) = self._fresh(device)
        label[1, 3, 4] = wrong
        with pytest.raises(ConfigError, match=rf"class id.*found {wrong}, expected 0\.\.{self.config.num_classes - 1}"):
            self.call(network, (label, *others))

    @pytest.mark.parametrize(("position", "name"), [(1, "part_features"), (3, "z"), (4, "part_noise")])
    @interface
    def test_names_an_input_of_other_channels(self, device: torch.device, position: int, name: str) -> None:
        network, inputs = self._fresh(device)
        inputs[position] = inputs[position][:, :-1]
        with pytest.raises(ShapeMismatchError, match=name):
            self.call(network, inputs)

    @interface
    @torch.no_grad()
    def test_one_z_an_image_is_the_same_z_at_every_pixel(self, device: torch.device) -> None:
        network, (label, parts, mask, z, noise) = self._settled(device)
        spread = z[:, :, None, None].expand(-1, -1, *self.size)
        before = self.call(network, (label, parts, mask, z, noise))
        assert torch.equal(self.call(network, (label, parts, mask, spread, noise)), before)

    @interface
    @torch.no_grad()
    def test_z_and_the_label_map_change_the_image(self, device: torch.device) -> None:
        network, (label, parts, mask, z, noise) = self._settled(device)
        before = self.call(network, (label, parts, mask, z, noise))
        for changed in (
            (label, parts, mask, -z, noise),
            ((label + 1) % self.config.num_classes, parts, mask, z, noise),
        ):
            assert (self.call(network, changed) - before).abs().mean() > 1e-4
