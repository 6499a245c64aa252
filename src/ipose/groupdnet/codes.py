"""The latent code: a normal distribution for each element, eight channels for each class."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from ipose.errors import ConfigError, ShapeMismatchError


class Codes(NamedTuple):
    """The encoder's answer for images: a normal distribution for each element of the code.

    Args:
        mean: (b, z, h, w), class c in channels 8c..8c+7; (b, z) if the code is one vector.
        log_variance: of the same shape.
    """

    mean: Tensor
    log_variance: Tensor

    def sample(self, noise: Float[Tensor, "b z *grid"]) -> Float[Tensor, "b z *grid"]:
        """A sample: mean + noise * exp(log_variance / 2). `noise`: standard normal."""
        return self.mean + noise * torch.exp(self.log_variance / 2)


def class_code(code: Float[Tensor, "b z *grid"], of: int, num_classes: int) -> Float[Tensor, "b k *grid"]:
    """The channels of class `of`, as a view. Raises ConfigError for a class that the code does not have."""
    if not 0 <= of < num_classes:
        raise ConfigError("the code has no such class", field="class", found=of, expected=f"0..{num_classes - 1}")
    if code.shape[1] % num_classes:
        message = "the code has another number of classes"
        expected = f"a multiple of the {num_classes} classes"
        raise ShapeMismatchError(message, field="code", found=f"{code.shape[1]} channels", expected=expected)
    width = code.shape[1] // num_classes
    return code[:, of * width : (of + 1) * width]


def with_class_code(
    code: Float[Tensor, "b z *grid"], of: int | Sequence[int], other: Float[Tensor, "b z *grid"], num_classes: int
) -> Float[Tensor, "b z *grid"]:
    """The code with the channels of class `of`, or of several classes, from another code."""
    result = code.clone()
    for number in [of] if isinstance(of, int) else of:
        class_code(result, number, num_classes).copy_(class_code(other, number, num_classes))
    return result
