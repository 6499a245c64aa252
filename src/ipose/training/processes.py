"""The device of the training, and the other processes if `accelerate launch` started several."""

import os
import socket
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TypeVar

import psutil
import torch
from accelerate import PartialState
from accelerate.utils import broadcast, broadcast_object_list, gather_object, reduce
from torch import Tensor, nn

from ipose.errors import RunError
from ipose.objective import Objective
from ipose.training.folders import are_several

T = TypeVar("T")

MAX_BUCKET = 1 << 24
"""Most numbers in one message between the processes."""


class Processes:
    """This process and the others of the same training. With a single process, the methods do nothing.

    Gradients are averaged after each phase's backward pass. DistributedDataParallel is not used: it hides the networks'
    methods, and it fails where a phase freezes a network or calls it twice. A method raises RunError where another
    process has ended or cannot be reached.

    Args:
        device: where to train. None = accelerate chooses (a GPU, if there is one). accelerate keeps its choice for the
            life of the process, so it is not told a device that is meant for one run.
    """

    def __init__(self, device: torch.device | str | None = None) -> None:
        _name_interface()
        with _in_words():
            self.state = PartialState(cpu=_several_on_cpu(device))
        self.device = torch.device(self.state.device if device is None else device)
        self.rank: int = self.state.process_index
        self.world: int = self.state.num_processes
        self.is_main = self.rank == 0

    def place(self, objective: Objective) -> None:
        """Move an objective and its networks to the device; the networks are in training mode."""
        if (move := getattr(objective, "to", None)) is not None:
            move(self.device)
        for network in objective.networks.values():
            network.to(self.device).train()

    def any(self, flag: bool) -> bool:
        """Whether `flag` is true in at least one process. All processes get the same answer."""
        if self.world == 1:
            return flag
        with _in_words():
            flags: Tensor = reduce(torch.tensor([float(flag)], device=self.device), "sum")
        return bool(flags.item() > 0)

    def same(self, number: float) -> float:
        """The number of the main process, in every process."""
        if self.world == 1:
            return number
        with _in_words():
            return float(broadcast(torch.tensor([number], dtype=torch.float64, device=self.device)).item())

    def from_main(self, value: T) -> T:
        """What the main process has, in every process: anything that pickles."""
        if self.world == 1:
            return value
        with _in_words():
            received: T = broadcast_object_list([value])[0]
        return received

    def from_all(self, value: T) -> list[T]:
        """What each process has, by rank: anything that pickles."""
        if self.world == 1:
            return [value]
        with _in_words():
            return list(gather_object([value]))

    def wait(self) -> None:
        """Wait until all processes are here."""
        with _in_words():
            self.state.wait_for_everyone()

    def prepare(self, networks: Mapping[str, nn.Module], *, sync_batch_norm: bool = True) -> None:
        """Copy the main process's weights to all. On GPUs, batch norms then compute over all processes."""
        if self.world == 1:
            return
        if self.device.type == "cuda" and sync_batch_norm:
            for network in networks.values():
                nn.SyncBatchNorm.convert_sync_batchnorm(network)
        for network in networks.values():
            self._copy_from_main([*network.parameters(), *network.buffers()])

    def same_buffers(self, networks: Mapping[str, nn.Module]) -> None:
        """Copy the main process's buffers to all, so that all go on with what the checkpoint has."""
        if self.world > 1:
            for network in networks.values():
                self._copy_from_main(network.buffers())

    def _copy_from_main(self, tensors: Iterable[Tensor]) -> None:
        with torch.no_grad(), _in_words():
            for tensor in tensors:
                tensor.copy_(broadcast(tensor.detach().clone()))

    def average_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Average the gradients over the processes. A missing gradient counts as 0."""
        if self.world == 1:
            return
        bucket: list[nn.Parameter] = []
        for parameter in parameters:
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
            bucket.append(parameter)
            if sum(p.numel() for p in bucket) >= MAX_BUCKET:
                self._average(bucket)
                bucket = []
        if bucket:
            self._average(bucket)

    def _average(self, bucket: list[nn.Parameter]) -> None:
        gradients = [parameter.grad for parameter in bucket if parameter.grad is not None]
        wide = [gradient.flatten().to(torch.promote_types(gradient.dtype, torch.float32)) for gradient in gradients]
        with _in_words():
            mean: Tensor = reduce(torch.cat(wide), "mean")
        for gradient, part in zip(gradients, mean.split([g.numel() for g in gradients]), strict=True):
            gradient.copy_(part.view_as(gradient))


@contextmanager
def _in_words() -> Iterator[None]:
    """Raise what torch says of a lost process as RunError."""
    try:
        yield
    except RuntimeError as error:
        raise RunError(
            "another process of this training has ended, or cannot be reached",
            found=str(error).rsplit("] ", 1)[-1].split(". ")[0].strip(),
            mend="Its own last lines say why. Start all of them again, with --resume if there is a checkpoint.",
        ) from error


def _name_interface() -> None:
    """Tell gloo which network leads to the main process. Without, it takes that of the host's own name, which on many
    machines is 127.0.0.1: the hosts would wait for each other for half an hour."""
    main = os.environ.get("MASTER_ADDR")
    if not are_several() or main is None or "GLOO_SOCKET_IFNAME" in os.environ:
        return
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect((main, 9))  # sends nothing
        own = probe.getsockname()[0]
        for name, addresses in psutil.net_if_addrs().items():
            if own in (address.address for address in addresses):
                os.environ["GLOO_SOCKET_IFNAME"] = name


def _several_on_cpu(device: torch.device | str | None) -> bool:
    """Whether several processes train on the CPU. accelerate must be told so, because torchrun cannot tell it."""
    if not are_several():
        return False
    asked = os.environ.get("ACCELERATE_USE_CPU", "").lower() in ("1", "true", "yes")
    wanted = device is not None and torch.device(device).type == "cpu"
    return asked or wanted or not torch.cuda.is_available()
