"""Golden files: small random networks with inputs and the outputs that they must give, one file a network.

Keys of a file: `state.*` (names of the authors' state dicts), `in.*`, `out.*` (`out.grad.*`: gradients), and a JSON
`config` in its metadata. Nothing else may be known of a file, so that another set of the same form passes as well.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

OF_LARGEST, RELATIVE, ZERO = 1e-5, 1e-4, 1e-8
"""How close float32 on a CPU must come: to a share of a tensor's largest value, beside a share of the element itself.
In a tensor of zeros, a number of at most `ZERO` is rounding."""


@dataclass(frozen=True, eq=False)
class Golden:
    """One golden file: `config` from its metadata, `tensors` by key (`state.*`, `in.*`, `out.*`)."""

    config: dict[str, Any]
    tensors: dict[str, Tensor]

    def __getitem__(self, key: str) -> Tensor:
        return self.tensors[key]

    def starting(self, prefix: str) -> dict[str, Tensor]:
        """The tensors below a prefix, without it."""
        return {key.removeprefix(prefix): value for key, value in self.tensors.items() if key.startswith(prefix)}

    @property
    def state(self) -> dict[str, Tensor]:
        """The state dict, by the authors' names."""
        return self.starting("state.")

    @property
    def outputs(self) -> dict[str, Tensor]:
        """What must come out, by name."""
        return self.starting("out.")


def read_golden(path: Path) -> Golden:
    """One file."""
    with safe_open(path, "pt") as file:
        tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (safe_open is no dict)
        return Golden(json.loads(file.metadata()["config"]), tensors)


def write_golden(path: Path, golden: Golden) -> None:
    """The file that `read_golden` reads."""
    path.parent.mkdir(parents=True, exist_ok=True)
    tensors = {key: value.detach().contiguous().clone() for key, value in golden.tensors.items()}
    save_file(tensors, path, {"config": json.dumps(golden.config)})


def close(found: Tensor, expected: Tensor, of_largest: float = OF_LARGEST) -> None:
    """To 1e-5 of the tensor's largest value and 1e-4 of each element, shape and dtype included."""
    largest = float(expected.abs().max()) if expected.numel() else 0.0
    torch.testing.assert_close(found, expected, atol=max(of_largest * largest, ZERO), rtol=RELATIVE)


def assert_all_outputs(golden: Golden, ours: Mapping[str, Tensor], of_largest: float = OF_LARGEST) -> None:
    """Every output of the file is one that we compute, and close to it; all that are not are named.

    Args:
        golden: the file.
        ours: our numbers under the file's names, without `out.`; more than the file has is fine.
        of_largest: how far a number may be off, as a share of the tensor's largest, beside 1e-4 of itself.
    """
    faults = [f"{name}: nothing here computes it" for name in golden.outputs if name not in ours]
    for name in golden.outputs.keys() & ours.keys():
        try:
            close(ours[name].detach(), golden.outputs[name], of_largest)
        except AssertionError as error:
            faults.append(f"{name}: {error}")
    assert golden.outputs, "the file has no outputs"
    assert not faults, "\n".join(sorted(faults))
