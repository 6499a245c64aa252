"""Contract of a block that can take the PSM block's place in the generator: a stranger's, too."""

from typing import ClassVar

import torch
from torch import Tensor, nn

from ipose.testing.claims import interface, paper_method
from ipose.testing.network_contract import NetworkContract

MAP_CHANNELS, PART_CHANNELS, NOISE_CHANNELS = 4, 3, 2
SIZE = (6, 8)


class PSMBlockContract(NetworkContract):
    """`implementation` is the factory: `implementation(fin, fout, map_channels=..., ...)`, see `BlockFactory`.

    The block is called as `block(x, semantic_map, part, mask, noise)`, all of one size. It is a network, so the claims
    of `NetworkContract` hold; and no more is asked of how it works than what parts and noise mean.
    """

    widths: ClassVar[tuple[int, int]] = (6, 4)
    """fin and fout of the block under test; the claims about widths try others too."""

    def make(self) -> nn.Module:
        """A block of the class's widths."""
        return self.block(*self.widths)

    def block(self, fin: int, fout: int) -> nn.Module:
        """A small block of these widths."""
        channels = {"map_channels": MAP_CHANNELS, "part_channels": PART_CHANNELS, "noise_channels": NOISE_CHANNELS}
        block: nn.Module = self.implementation(fin, fout, **channels, spade_hidden=5, part_hidden=5)
        return block

    def inputs(self, batch: int) -> tuple[Tensor, ...]:
        """(x, semantic_map, part, mask, noise); parts are known in the left half."""
        channels = self.widths[0], MAP_CHANNELS, PART_CHANNELS, NOISE_CHANNELS
        x, semantic_map, part, noise = (torch.randn(batch, n, *SIZE) for n in channels)
        mask = torch.zeros(batch, 1, *SIZE)
        mask[..., : SIZE[1] // 2] = 1
        return x, semantic_map, part, mask, noise

    @interface
    def test_keeps_the_size_and_gives_the_width_asked_for(self, device: torch.device) -> None:
        _, (x, *maps) = self._fresh(device)
        for fin, fout in ((6, 6), (6, 4), (4, 6), (1, 2)):
            x = torch.randn(3, fin, *SIZE, device=device)
            assert self.block(fin, fout).to(device)(x, *maps).shape == (3, fout, *SIZE)

    @paper_method("the mask chooses between parts and noise (iPOSE sec. 3.2, fig. 3)")
    def test_where_no_part_is_known_the_part_features_do_not_enter(self, device: torch.device) -> None:
        block, (x, semantic_map, part, mask, noise) = self._settled(device)
        nowhere = torch.zeros_like(mask)
        assert torch.equal(
            block(x, semantic_map, part, nowhere, noise), block(x, semantic_map, part + 1, nowhere, noise)
        )

    @paper_method("the mask chooses between parts and noise (iPOSE sec. 3.2, fig. 3)")
    def test_where_parts_are_known_everywhere_the_noise_does_not_enter(self, device: torch.device) -> None:
        block, (x, semantic_map, part, mask, noise) = self._settled(device)
        everywhere = torch.ones_like(mask)
        assert torch.equal(
            block(x, semantic_map, part, everywhere, noise), block(x, semantic_map, part, everywhere, noise + 1)
        )

    @paper_method("the block reads parts, noise and map (iPOSE sec. 3.2, fig. 3)")
    def test_parts_noise_and_semantic_map_do_enter(self, device: torch.device) -> None:
        block, inputs = self._settled(device)
        before = block(*inputs)
        for i, name in ((0, "x"), (1, "semantic_map"), (2, "part"), (4, "noise")):
            changed = [tensor + torch.randn_like(tensor) if j == i else tensor for j, tensor in enumerate(inputs)]
            assert not torch.allclose(block(*changed), before), f"{name} does not enter"
