"""Is a network the function that its literal version in `ipose.reference` spells out? Outputs and all gradients.

network = randomise(Generator(config), seed)
assert_same_function(network, lambda state, *inputs: generator(state, *inputs, num_classes=4), inputs, seed)
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import parametrize

from ipose.testing.network_contract import outputs_of

Literal = Callable[..., Any]
"""Called as `literal(state, *inputs)`; gives tensors in the order of the network's."""


@torch.no_grad()
def randomise(network: nn.Module, seed: int) -> nn.Module:
    """The network in float64, all of its parameters and buffers drawn anew: nothing hides behind a 0 or a 1.

    Weights keep the size of what passes them. The u and v of a spectral norm fit the weight, but have not converged.
    """
    generator = torch.Generator().manual_seed(seed)

    def normal(like: Tensor) -> Tensor:
        return torch.randn(like.shape, generator=generator, dtype=torch.float64)

    network.double()
    for parameter in network.parameters():
        fan_in = parameter[0].numel() if parameter.ndim > 1 else 4
        parameter.copy_(normal(parameter) * fan_in**-0.5)
    for name, buffer in network.named_buffers():
        if name.endswith("running_mean"):
            buffer.copy_(0.3 * normal(buffer))
        elif name.endswith("running_var"):
            buffer.copy_(normal(buffer).exp())
    for layer in network.modules():
        if parametrize.is_parametrized(layer, "weight"):
            out_axis = int(isinstance(layer, nn.ConvTranspose2d))
            flat = layer.get_parameter("parametrizations.weight.original").transpose(0, out_axis).flatten(1)
            u, v = (layer.get_buffer(f"parametrizations.weight.0.{name}") for name in ("_u", "_v"))
            v.copy_(F.normalize(flat.mT @ normal(u), dim=0))
            u.copy_(F.normalize(flat @ v, dim=0))
    return network


def assert_same_function(
    network: nn.Module, literal: Literal, inputs: Sequence[Tensor], seed: int, call: Literal | None = None
) -> None:
    """Every output, and the gradient of a random sum of them by every float input and parameter, to 1e-9.

    Args:
        literal: in the same mode. In training it gets the state that the call leaves: a power iteration comes before
            the use of what it makes.
        call: how the network is called; None = `network(*inputs)`.
    """
    before = _leaves(network)
    found = _outputs_and_gradients(call or network, dict(network.named_parameters()), inputs, seed)
    state = _leaves(network) if network.training else before
    learned = {name: state[name] for name, _ in network.named_parameters()}
    expected = _outputs_and_gradients(lambda *tensors: literal(state, *tensors), learned, inputs, seed)
    largest = max(float(tensor.abs().max()) for tensor in expected.values())
    assert len(found) == len(expected)
    for (name, one), other in zip(found.items(), expected.values(), strict=True):
        # the second term is for gradients that are 0 but for rounding, such as that of a bias in front of a norm
        atol = 1e-9 * float(other.abs().max()) + 1e-11 * largest
        torch.testing.assert_close(one, other, atol=atol, rtol=0, msg=f"{name}: {{}}".format)


def _leaves(network: nn.Module) -> dict[str, Tensor]:
    """A copy of the state; what is one tensor under two names stays one."""
    copies: dict[int, Tensor] = {}
    return {
        name: copies.setdefault(id(tensor), tensor.detach().clone().requires_grad_(tensor.requires_grad))
        for name, tensor in network.state_dict(keep_vars=True).items()
    }


def _outputs_and_gradients(
    call: Literal, parameters: Mapping[str, Tensor], inputs: Sequence[Tensor], seed: int
) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    leaves = [x.detach().clone().requires_grad_(x.is_floating_point()) for x in inputs]
    outputs = outputs_of(call(*leaves))
    total = torch.zeros((), dtype=torch.float64)
    for tensor in outputs.values():
        total = total + (tensor * torch.randn(tensor.shape, generator=generator, dtype=torch.float64)).sum()
    by = {f"input {i}": leaf for i, leaf in enumerate(leaves) if leaf.requires_grad} | dict(parameters)
    gradients = torch.autograd.grad(total, list(by.values()), allow_unused=True, materialize_grads=True)
    slopes = {f"gradient of {name}": slope for name, slope in zip(by, gradients, strict=True)}
    return {name: tensor.detach() for name, tensor in outputs.items()} | slopes
