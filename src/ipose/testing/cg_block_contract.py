"""Contract of GroupDNet's CG-Norm and CG-Block: in groups, nothing of one group reaches another."""

import torch
from torch import Tensor, nn

from ipose.groupdnet.modulation import Modulation
from ipose.reference.cg_norm import cg_norm
from ipose.testing.claims import Contract, interface, paper_method
from ipose.testing.network_contract import NetworkContract
from ipose.testing.spade_contract import random_tensor, redraw

CLASSES, GROUPS = 4, 2
MODULATIONS = (
    Modulation(CLASSES, "block", hidden=8),
    Modulation(CLASSES, "class", edges=True),
    Modulation(CLASSES, "class_to_block"),
)
"""The three published rules, small."""


class CGNormContract(Contract):
    """`implementation(channels, modulation, groups)` is a module called as `module(x, label_tensor)`."""

    def make(self, modulation: Modulation, device: torch.device) -> nn.Module:
        """Eight channels in two groups, all weights random, float64, in training mode."""
        return redraw(self.implementation(2 * CLASSES, modulation, GROUPS), 0, device).train()

    def weights(self, module: nn.Module) -> dict[str, Tensor]:
        """By the names of `ipose.reference.cg_norm`."""
        return {name.removeprefix("gamma_beta."): tensor for name, tensor in module.named_parameters()}

    @paper_method("grouped convolutions keep the classes apart (GroupDNet sec. 3.3)")
    def test_a_class_modulates_the_channels_of_its_own_group_alone(self, device: torch.device) -> None:
        module, x = self.make(MODULATIONS[0], device).eval(), random_tensor(1, 1, 2 * CLASSES, 3, 3).to(device)
        before = random_tensor(2, 1, CLASSES, 3, 3).to(device)
        for number in range(CLASSES):
            after = before.clone()
            after[:, number] += 3
            changed = (module(x, before) != module(x, after)).any((0, 2, 3))
            own = torch.arange(2 * CLASSES, device=device) // CLASSES == number // (CLASSES // GROUPS)
            assert torch.equal(changed, own)

    @paper_method("conditional group norm (GroupDNet eqs. 3-5)")
    def test_agrees_with_the_loops_in_float64(self, device: torch.device) -> None:
        for modulation in MODULATIONS:
            module, x = self.make(modulation, device), random_tensor(1, 2, 2 * CLASSES, 2, 3).to(device)
            label = random_tensor(2, 2, modulation.map_channels, 4, 6).to(device)
            widths = modulation.widths(GROUPS)
            with torch.no_grad():
                expected = cg_norm(x, label, self.weights(module), widths.shared_groups, widths.groups)
                torch.testing.assert_close(module(x, label), expected, atol=1e-9, rtol=1e-9)

    @paper_method("norm(x) (1 + gamma) + beta (GroupDNet eq. 5; 1 + gamma: the release)")
    def test_is_the_norm_alone_where_gamma_and_beta_are_0(self, device: torch.device) -> None:
        module, x = self.make(MODULATIONS[0], device), random_tensor(1, 2, 2 * CLASSES, 3, 3).to(device)
        with torch.no_grad():
            for name, parameter in module.named_parameters():
                parameter.mul_(0 if "gamma." in name or "beta." in name else 1)
        label = random_tensor(2, 2, CLASSES, 3, 3).to(device)
        expected = nn.BatchNorm2d(2 * CLASSES, affine=False).double().to(device)(x)
        torch.testing.assert_close(module(x, label), expected)


class CGBlockContract(NetworkContract):
    """`implementation(fin, fout, modulation, groups)` is a module called as `module(x, label_tensor)`."""

    def make(self) -> nn.Module:
        """A block that halves the width."""
        block: nn.Module = self.implementation(2 * CLASSES, CLASSES, MODULATIONS[0], GROUPS)
        return block

    def inputs(self, batch: int) -> tuple[Tensor, ...]:
        """(x, label_tensor)."""
        return torch.randn(batch, 2 * CLASSES, 6, 4), torch.rand(batch, CLASSES, 12, 8)

    @paper_method("grouped convolutions keep the classes apart (GroupDNet sec. 3.3)")
    def test_a_group_of_the_input_reaches_its_group_of_the_output_alone(self, device: torch.device) -> None:
        for training in (False, True):
            for fout in (CLASSES, 2 * CLASSES, 4 * CLASSES):
                block = self.implementation(2 * CLASSES, fout, MODULATIONS[0], GROUPS).to(device).eval()
                block.requires_grad_(False).train(training)
                x, label = (tensor.to(device) for tensor in self.inputs(2))
                state = {name: value.clone() for name, value in block.state_dict().items()}
                before = block(x, label)
                block.load_state_dict(state)
                x[:, :CLASSES] += torch.randn_like(x[:, :CLASSES])  # the first group, not by a constant: BN
                changed = (block(x, label) != before).any((0, 2, 3))
                assert changed[: fout // GROUPS].all()
                assert not changed[fout // GROUPS :].any()

    @interface
    def test_keeps_the_size_and_gives_the_width_asked_for(self, device: torch.device) -> None:
        for modulation in MODULATIONS:
            for fin, fout in ((8, 8), (8, 4), (4, 8)):
                block = self.implementation(fin, fout, modulation, GROUPS).to(device)
                label = torch.rand(1, modulation.map_channels, 9, 6, device=device)
                assert block(torch.rand(1, fin, 3, 2, device=device), label).shape == (1, fout, 3, 2)
