"""What every network of the project keeps, whatever it computes: four claims, four ways in which networks go wrong."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from ipose.testing.claims import Contract, interface


class NetworkContract(Contract):
    """A batch is its items, every weight learns, a saved network is the same network, and no layer is used twice.

    A subclass says how to build the network and what to feed it:

        class TestMyNetwork(NetworkContract):
            def make(self):
                return MyNetwork(width=4)

            def inputs(self, batch):
                return (torch.rand(batch, 3, 32, 32),)

    The `device` fixture (session scope) is the test suite's own: `return torch.device("cpu")` will do.
    """

    tolerance: ClassVar[float] = 1e-5
    """Largest difference between an item alone and the same item in a batch, absolute and relative."""

    without_gradient: ClassVar[frozenset[str]] = frozenset()
    """Names of parameters that are right to receive none; see also `learns`."""

    def make(self) -> nn.Module:
        """A small network, initialised at random: a new one at each call."""
        raise NotImplementedError("a subclass says how its network is made")

    def inputs(self, batch: int) -> tuple[Tensor, ...]:
        """Random inputs, float64 or float32 or ids, all with the items of the batch on their first axis."""
        raise NotImplementedError("a subclass says what its network is fed")

    def call(self, network: nn.Module, inputs: Sequence[Tensor]) -> Any:
        """How the network is called; override it for keyword arguments."""
        return network(*inputs)

    def learns(self, name: str, parameter: nn.Parameter) -> bool:
        """Whether a parameter must receive a gradient that is not 0: all but biases, which a norm may cancel."""
        return parameter.ndim > 1 and name not in self.without_gradient

    @interface
    def test_in_eval_mode_a_batch_equals_its_items_one_by_one(self, device: torch.device) -> None:
        network, inputs = self._settled(device)
        with torch.no_grad():
            together = outputs_of(self.call(network, inputs))
            for i in range(3):
                alone = outputs_of(self.call(network, [tensor[i : i + 1] for tensor in inputs]))
                for name, tensor in alone.items():
                    torch.testing.assert_close(
                        tensor, together[name][i : i + 1], atol=self.tolerance, rtol=self.tolerance
                    )

    @interface
    def test_every_parameter_receives_gradient(self, device: torch.device) -> None:
        network, inputs = self._fresh(device)
        generator = torch.Generator().manual_seed(3)
        total = torch.zeros((), device=device)
        for tensor in outputs_of(self.call(network.train(), inputs)).values():
            weight = torch.randn(tensor.shape, generator=generator).to(tensor)
            total = total + (tensor * weight).sum()
        total.backward()
        without = [
            name for name, p in network.named_parameters() if p.grad is None and name not in self.without_gradient
        ]
        assert not without, f"outside of the graph: {without}"
        gradients = {name: p.grad for name, p in network.named_parameters() if p.grad is not None}
        assert all(gradient.isfinite().all() for gradient in gradients.values())
        dead = [name for name, p in network.named_parameters() if self.learns(name, p) and not gradients[name].any()]
        assert not dead, f"gradient 0: {dead}"

    @interface
    def test_save_then_load_changes_no_output(self, device: torch.device) -> None:
        network, inputs = self._settled(device)
        file = io.BytesIO()
        torch.save(network.state_dict(), file)
        file.seek(0)
        torch.manual_seed(99)
        other = self.make().to(device)
        other.load_state_dict(torch.load(file, weights_only=True, map_location=device))
        with torch.no_grad():
            before, after = outputs_of(self.call(network, inputs)), outputs_of(self.call(other.eval(), inputs))
        for name, tensor in before.items():
            assert torch.equal(tensor, after[name]), f"{name} is another after loading"

    @interface
    def test_no_two_layers_share_weights_by_accident(self, device: torch.device) -> None:
        network, _ = self._fresh(device)
        owners: dict[int, str] = {}
        for name, parameter in network.named_parameters(remove_duplicate=False):
            first = owners.setdefault(parameter.data_ptr(), name)
            assert first == name, f"{name} and {first} are one tensor"

    @interface
    def test_two_networks_share_no_weights(self, device: torch.device) -> None:
        one, other = self._fresh(device)[0], self._fresh(device)[0]
        ours = {parameter.data_ptr() for parameter in one.parameters()}
        assert not ours & {parameter.data_ptr() for parameter in other.parameters()}

    def _fresh(self, device: torch.device) -> tuple[nn.Module, list[Tensor]]:
        torch.manual_seed(0)
        network = self.make().to(device)
        return network, [tensor.to(device) for tensor in self.inputs(3)]

    def _settled(self, device: torch.device) -> tuple[nn.Module, list[Tensor]]:
        """In eval mode, after three passes in training mode: running statistics are no longer 0 and 1."""
        network, inputs = self._fresh(device)
        with torch.no_grad():
            for _ in range(3):
                self.call(network.train(), inputs)
        return network.eval(), inputs


def outputs_of(output: Any, name: str = "output") -> dict[str, Tensor]:
    """Every float tensor of a network's output by its path: a tensor, or tuples, mappings and dataclasses of them."""
    if isinstance(output, Tensor):
        return {name: output} if output.is_floating_point() else {}
    if isinstance(output, Mapping):
        items = list(output.items())
    elif is_dataclass(output):
        items = [(field.name, getattr(output, field.name)) for field in fields(output)]
    elif hasattr(output, "_asdict"):
        items = list(output._asdict().items())
    elif isinstance(output, list | tuple):
        items = list(enumerate(output))
    else:
        return {}
    return {path: tensor for key, value in items for path, tensor in outputs_of(value, f"{name}.{key}").items()}
