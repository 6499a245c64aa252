"""What any PartNet must keep: it reads supports by where they are and looks alike, never by name or number."""

import torch
from hypothesis import strategies as st
from torch import Tensor

from ipose.part_annotations import PART_CHANNELS
from ipose.partnet.partnet import PartNet
from ipose.partnet.presets import PartNetConfig
from ipose.reference.partnet import partnet as literal
from ipose.testing.claims import SEEDS, Contract, interface, law, paper_method


def tiny_config(**changes: object) -> PartNetConfig:
    """Narrow enough for a contract: token width 12."""
    return PartNetConfig(**{"encoder_channels": (2, 3, 3, 4), "attention_blocks": 2, **changes})  # type: ignore[arg-type]


def blocky_part_map(generator: torch.Generator, parts: int = 4, cells: int = 8) -> Tensor:
    """uint8 (64, 64): an object of random cells, each of one of `parts` parts."""
    coarse = torch.randint(0, parts + 1, (cells, cells), generator=generator, dtype=torch.uint8)
    coarse[cells // 2, cells // 2] = 1
    return coarse.repeat_interleave(64 // cells, 0).repeat_interleave(64 // cells, 1)


class PartNetContract(Contract):
    """A network made by `implementation(config)`; called with shapes (n, 1, 64, 64) and supports (n, k, 64, 64)."""

    def network(self, seed: int, device: torch.device) -> PartNet:
        """In float64, random weights."""
        torch.manual_seed(seed)
        network: PartNet = type(self).implementation(tiny_config())
        return network.double().eval().to(device)

    def objects(self, seed: int, device: torch.device, n: int = 2, k: int = 2) -> tuple[Tensor, Tensor]:
        """Shapes float64 and supports uint8 of n objects, each with supports of its own."""
        generator = torch.Generator().manual_seed(seed)
        shapes = torch.stack([blocky_part_map(generator) > 0 for _ in range(n)])[:, None].double()
        supports = torch.stack([torch.stack([blocky_part_map(generator) for _ in range(k)]) for _ in range(n)])
        return shapes.to(device), supports.to(device)

    @law(0.2, seed=SEEDS)
    @paper_method("no weight knows what a part is called (iPOSE sec. 3.1)")
    def test_permuting_the_supports_masks_permutes_the_answer(self, device: torch.device, seed: int) -> None:
        network, (shapes, supports) = self.network(seed, device), self.objects(seed, device)
        order = torch.randperm(8, generator=torch.Generator().manual_seed(seed)).to(device) + 1
        renamed = torch.cat([order.new_zeros(1), order])[supports.long()].to(torch.uint8)
        with torch.no_grad():
            before, after = network(shapes, supports), network(shapes, renamed)
        torch.testing.assert_close(after.logits[:, order], before.logits[:, 1:])
        torch.testing.assert_close(after.logits[:, 0], before.logits[:, 0])
        torch.testing.assert_close(
            after.features.unflatten(1, (PART_CHANNELS, -1))[:, order],
            before.features.unflatten(1, (PART_CHANNELS, -1))[:, 1:],
        )

    @law(0.2, seed=SEEDS)
    @interface
    def test_the_order_of_supports_does_not_matter(self, device: torch.device, seed: int) -> None:
        network, (shapes, supports) = self.network(seed, device), self.objects(seed, device, k=3)
        with torch.no_grad():
            torch.testing.assert_close(network(shapes, supports.flip(1)).logits, network(shapes, supports).logits)

    @law(0.2, seed=SEEDS, k=st.integers(1, 4))
    @paper_method("supports are read by attention (iPOSE sec. 3.1)")
    def test_any_number_of_supports_works_and_repeating_them_changes_nothing(
        self, device: torch.device, seed: int, k: int
    ) -> None:
        network, (shapes, supports) = self.network(seed, device), self.objects(seed, device, k=k)
        with torch.no_grad():
            once, twice = network(shapes, supports), network(shapes, supports.repeat(1, 2, 1, 1))
        torch.testing.assert_close(once.logits, twice.logits)

    @law(0.2, seed=SEEDS)
    @interface
    def test_an_object_is_answered_by_its_own_supports_alone(self, device: torch.device, seed: int) -> None:
        network, (shapes, supports) = self.network(seed, device), self.objects(seed, device)
        with torch.no_grad():
            changed = supports.clone()
            changed[1] = changed[1].flip(-1)
            before, after = network(shapes, supports).logits, network(shapes, changed).logits
        torch.testing.assert_close(after[0], before[0])
        assert torch.equal(changed[1], supports[1]) or not torch.allclose(after[1], before[1])

    @paper_method("PartNet (iPOSE sec. 3.1)")
    def test_agrees_with_the_literal_version_in_float64(self, device: torch.device) -> None:
        network, (shapes, supports) = self.network(3, device), self.objects(3, device)
        with torch.no_grad():
            answer = network(shapes, supports)
            logits, features = literal(network.state_dict(), shapes, supports, attention_blocks=2)
        torch.testing.assert_close(answer.logits, logits)
        torch.testing.assert_close(answer.features, features)
