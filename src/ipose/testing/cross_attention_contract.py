"""What any cross-attention block must keep: it reads a *set* of support tokens, one object at a time."""

import torch
from torch import Tensor, nn

from ipose.reference.cross_attention import cross_attention as literal
from ipose.reference.operations import Layers
from ipose.testing.claims import SEEDS, Contract, interface, law, paper_method

WIDTH = 6


class CrossAttentionContract(Contract):
    """A block made by `implementation(width)`; called with x (b, t, d), keys (b, u, d), values (b, u, d)."""

    def block(self, seed: int, device: torch.device) -> nn.Module:
        """A block of width 6 in float64 with random weights."""
        torch.manual_seed(seed)
        block: nn.Module = type(self).implementation(WIDTH)
        return block.double().to(device)

    def tokens(self, seed: int, device: torch.device, supports: int = 5) -> tuple[Tensor, Tensor, Tensor]:
        """Two objects with 4 query tokens and `supports` support tokens each."""
        generator = torch.Generator().manual_seed(seed)
        shapes = ((2, 4, WIDTH), (2, supports, WIDTH), (2, supports, WIDTH))
        x, keys, values = (torch.randn(shape, generator=generator, dtype=torch.float64) for shape in shapes)
        return x.to(device), keys.to(device), values.to(device)

    @law(seed=SEEDS)
    @interface
    def test_the_order_of_support_tokens_does_not_matter(self, device: torch.device, seed: int) -> None:
        block, (x, keys, values) = self.block(seed, device), self.tokens(seed, device)
        order = torch.randperm(5, generator=torch.Generator().manual_seed(seed))
        torch.testing.assert_close(block(x, keys[:, order], values[:, order]), block(x, keys, values))

    @law(seed=SEEDS)
    @interface
    def test_every_query_token_is_answered_by_itself(self, device: torch.device, seed: int) -> None:
        block, (x, keys, values) = self.block(seed, device), self.tokens(seed, device)
        torch.testing.assert_close(block(x[:, 1:2], keys, values), block(x, keys, values)[:, 1:2])

    @law(seed=SEEDS)
    @paper_method("the answer is a mean, weighted by softmax (iPOSE eq. 1)")
    def test_supports_given_twice_count_as_once(self, device: torch.device, seed: int) -> None:
        block, (x, keys, values) = self.block(seed, device), self.tokens(seed, device)
        doubled = block(x, torch.cat([keys, keys], 1), torch.cat([values, values], 1))
        torch.testing.assert_close(doubled, block(x, keys, values))

    @law(seed=SEEDS)
    @paper_method("the answer is a mean, weighted by softmax (iPOSE eq. 1)")
    def test_equal_values_are_read_whatever_the_keys(self, device: torch.device, seed: int) -> None:
        block, (x, keys, values) = self.block(seed, device), self.tokens(seed, device)
        same = values[:, :1].expand_as(values)
        torch.testing.assert_close(block(x, keys, same), block(x, keys.flip(-1) * 3, same))

    @law(seed=SEEDS)
    @interface
    def test_keys_decide_which_values_are_read(self, device: torch.device, seed: int) -> None:
        block, (x, keys, values) = self.block(seed, device), self.tokens(seed, device)
        assert not torch.allclose(block(x, keys, values), block(x, keys.flip(1), values))

    @law(seed=SEEDS)
    @paper_method("softmax(Q K^T / sqrt(d)) V (iPOSE eq. 1)")
    def test_agrees_with_the_equation_in_float64(self, device: torch.device, seed: int) -> None:
        block, (x, keys, values) = self.block(seed, device), self.tokens(seed, device, supports=3)
        layers = Layers(block.state_dict())
        expected = torch.stack([literal(layers, *rows) for rows in zip(x, keys, values, strict=True)])
        torch.testing.assert_close(block(x, keys, values), expected)
