"""Several processes of one training, played by one: what they send, and what they make of the answers."""

import os
from dataclasses import dataclass

import pytest
import torch
from torch import nn

import ipose.training.processes as module
from ipose.errors import RunError
from ipose.training.processes import Processes


class Partners:
    """Stands for `accelerate`'s reduce and broadcast between this process and others.

    Args:
        others: numbers of each other process, by the order of the messages; None = the others send the same as we.
    """

    def __init__(self, monkeypatch, others=None):
        self.sent, self.others = [], others
        monkeypatch.setattr(module, "reduce", self.reduce)
        monkeypatch.setattr(module, "broadcast", self.broadcast)
        monkeypatch.setattr(module, "broadcast_object_list", lambda values: [self.others or values[0]])
        monkeypatch.setattr(module, "gather_object", lambda values: [*values, self.others or values[0]])

    def reduce(self, tensor, reduction):
        self.sent.append((reduction, tensor.clone()))
        other = tensor if self.others is None else self.others[len(self.sent) - 1]
        total = tensor + other
        return total if reduction == "sum" else total / 2

    def broadcast(self, tensor):
        self.sent.append(("broadcast", tensor.clone()))
        return tensor if self.others is None else self.others[len(self.sent) - 1]


@dataclass
class Address:
    address: str = "127.0.0.1"


def two(monkeypatch, others=None):
    """(processes, partners) of a training of two."""
    processes, partners = Processes("cpu"), Partners(monkeypatch, others)
    processes.world = 2
    return processes, partners


class TestAlone:
    """With a single process nothing is sent and nothing changes."""

    def test_says_so_and_stays_quiet(self, monkeypatch):
        processes, partners = Processes("cpu"), Partners(monkeypatch)
        network = nn.Linear(2, 2)
        assert (processes.rank, processes.world, processes.is_main) == (0, 1, True)
        assert processes.any(True) is True
        assert processes.any(False) is False
        assert processes.same(1.25) == 1.25
        assert processes.from_main("a") == "a"
        assert processes.from_all("a") == ["a"]
        processes.prepare({"a": network})
        processes.same_buffers({"a": network})
        processes.average_gradients(network.parameters())
        processes.wait()
        assert partners.sent == []
        assert network.weight.grad is None

    def test_the_device_is_the_one_asked_for(self):
        assert Processes("cpu").device == torch.device("cpu")
        assert Processes(torch.device("meta")).device.type == "meta"


class TestAnswers:
    """any and same: one answer for all."""

    @pytest.mark.parametrize(("ours", "theirs"), [(False, False), (False, True), (True, False), (True, True)])
    def test_any_is_true_where_one_says_so(self, monkeypatch, ours, theirs):
        processes, _ = two(monkeypatch, [torch.tensor([float(theirs)])])
        assert processes.any(ours) is (ours or theirs)

    def test_same_is_the_main_processs_number_to_the_last_digit(self, monkeypatch):
        processes, _ = two(monkeypatch, [torch.tensor([1 / 3], dtype=torch.float64)])
        assert processes.same(7.0) == 1 / 3

    def test_same_loses_no_digit_of_it_on_the_way(self, monkeypatch):
        processes, _ = two(monkeypatch)
        assert processes.same(1 / 3) == 1 / 3

    def test_values_come_from_the_main_process_or_from_all(self, monkeypatch):
        processes, _ = two(monkeypatch, {"step": 3})
        assert processes.from_main(None) == {"step": 3}
        assert processes.from_all({"step": 2}) == [{"step": 2}, {"step": 3}]


class TestLostProcess:
    """What torch says of a process that has ended becomes a sentence."""

    @pytest.mark.parametrize(
        "ask",
        [
            lambda processes, _: processes.any(True),
            lambda processes, _: processes.same(1.0),
            lambda processes, _: processes.from_main(1),
            lambda processes, _: processes.from_all(1),
            lambda processes, _: processes.wait(),
            lambda processes, network: processes.prepare({"a": network}),
            lambda processes, network: processes.average_gradients(network.parameters()),
        ],
    )
    def test_is_told_by_every_method(self, monkeypatch, ask):
        def lost(*_):
            raise RuntimeError("[/pytorch/gloo/pair.cc:545] Read error [10.0.0.2]:19: Connection reset. Typically so.")

        processes, _ = two(monkeypatch)
        for name in ("reduce", "broadcast", "broadcast_object_list", "gather_object"):
            monkeypatch.setattr(module, name, lost)
        monkeypatch.setattr(type(processes.state), "wait_for_everyone", lost)
        with pytest.raises(RunError) as told:
            ask(processes, nn.Linear(1, 1))
        assert str(told.value) == (
            "another process of this training has ended, or cannot be reached: found Read error [10.0.0.2]:19: "
            "Connection reset. Its own last lines say why. Start all of them again, with --resume if there is a "
            "checkpoint."
        )


class TestTheNetwork:
    """gloo is told which network leads to the main process, where nobody told it."""

    @pytest.mark.parametrize(("world", "named", "used"), [("2", None, "lo"), ("2", "eth7", "eth7"), ("1", None, None)])
    def test_is_named(self, monkeypatch, world, named, used):
        monkeypatch.setenv("GLOO_SOCKET_IFNAME", "")
        monkeypatch.delenv("GLOO_SOCKET_IFNAME")  # both, so that it is taken away again in the end
        for name, value in (("WORLD_SIZE", world), ("MASTER_ADDR", "127.0.0.1"), ("GLOO_SOCKET_IFNAME", named)):
            if value is not None:
                monkeypatch.setenv(name, value)
        monkeypatch.setattr(module.psutil, "net_if_addrs", lambda: {"eth0": [Address("10.0.0.1")], "lo": [Address()]})
        module._name_interface()
        assert os.environ.get("GLOO_SOCKET_IFNAME") == used


class TestPrepare:
    """prepare and same_buffers: all begin, and go on, with the main process's numbers."""

    def network(self):
        return nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))

    def test_weights_and_buffers_of_every_network_come_from_the_main_process(self, monkeypatch):
        networks = {"a": self.network(), "b": nn.Linear(2, 2)}
        tensors = [t for n in networks.values() for t in (*n.parameters(), *n.buffers())]
        processes, partners = two(monkeypatch, [torch.full_like(t, 7) for t in tensors])
        processes.prepare(networks)
        assert len(partners.sent) == len(tensors)
        assert all((tensor == 7).all() for tensor in tensors)
        assert all(parameter.requires_grad for network in networks.values() for parameter in network.parameters())

    def test_same_buffers_leaves_the_weights(self, monkeypatch):
        network = self.network()
        before = [p.clone() for p in network.parameters()]
        processes, _ = two(monkeypatch, [torch.full_like(b, 7) for b in network.buffers()])
        processes.same_buffers({"a": network})
        assert all((buffer == 7).all() for buffer in network.buffers())
        assert all(torch.equal(a, b) for a, b in zip(before, network.parameters(), strict=True))

    def test_on_the_cpu_batch_norms_stay_as_they_are(self, monkeypatch):
        network = self.network()
        processes, _ = two(monkeypatch)
        processes.prepare({"a": network})
        assert type(network[1]) is nn.BatchNorm1d

    @pytest.mark.parametrize("sync", [True, False])
    def test_on_gpus_they_compute_over_all_processes_where_asked_to(self, monkeypatch, sync):
        asked = []
        monkeypatch.setattr(nn.SyncBatchNorm, "convert_sync_batchnorm", asked.append)
        processes, _ = two(monkeypatch)
        processes.device = torch.device("cuda")
        networks = {"a": self.network(), "b": nn.Linear(1, 1)}
        processes.prepare(networks, sync_batch_norm=sync)
        assert asked == (list(networks.values()) if sync else [])


class TestAverageGradients:
    """average_gradients: the mean over processes, in few messages."""

    def parameters(self, *shapes):
        found = [nn.Parameter(torch.zeros(shape)) for shape in shapes]
        for number, parameter in enumerate(found, start=1):
            parameter.grad = torch.full(parameter.shape, float(number))
        return found

    def test_each_gradient_becomes_the_mean_in_its_own_shape(self, monkeypatch):
        parameters = self.parameters((2, 2), (3,))
        processes, partners = two(monkeypatch, [torch.tensor([5.0] * 4 + [8.0] * 3)])
        processes.average_gradients(parameters)
        assert torch.equal(parameters[0].grad, torch.full((2, 2), 3.0))
        assert torch.equal(parameters[1].grad, torch.full((3,), 5.0))
        assert len(partners.sent) == 1

    def test_no_digit_is_lost_in_float64(self, monkeypatch):
        parameter = nn.Parameter(torch.zeros(1, dtype=torch.float64))
        parameter.grad = torch.tensor([1 / 3], dtype=torch.float64)
        processes, _ = two(monkeypatch)
        processes.average_gradients([parameter])
        assert parameter.grad.item() == 1 / 3

    def test_a_missing_gradient_counts_as_0(self, monkeypatch):
        """The others may have one: a process without it would send a message of another length."""
        parameters = self.parameters((2,), (2,))
        parameters[1].grad = None
        processes, partners = two(monkeypatch, [torch.tensor([1.0, 1.0, 4.0, 4.0])])
        processes.average_gradients(parameters)
        assert partners.sent[0][1].tolist() == [1, 1, 0, 0]
        assert parameters[1].grad.tolist() == [2, 2]

    def test_a_full_bucket_is_sent_and_the_rest_in_the_end(self, monkeypatch):
        monkeypatch.setattr(module, "MAX_BUCKET", 4)
        parameters = self.parameters((2,), (3,), (1,), (5,), (1,))
        processes, partners = two(monkeypatch)
        processes.average_gradients(parameters)
        assert [len(message) for _, message in partners.sent] == [5, 6, 1]
        assert [parameter.grad.unique().tolist() for parameter in parameters] == [[1], [2], [3], [4], [5]]

    def test_gradients_in_half_precision_are_averaged_in_float32_and_stay_what_they_were(self, monkeypatch):
        parameter = nn.Parameter(torch.zeros(2, dtype=torch.bfloat16))
        parameter.grad = torch.tensor([1.0, 2.0], dtype=torch.bfloat16)
        processes, partners = two(monkeypatch)
        processes.average_gradients([parameter])
        assert partners.sent[0][1].dtype == torch.float32
        assert parameter.grad.dtype == torch.bfloat16


class TestSeveralOnTheCPU:
    """accelerate must be told that several processes train on the CPU: torchrun cannot tell it."""

    @pytest.mark.parametrize(
        ("world", "use_cpu", "device", "gpu", "told"),
        [
            (None, "1", "cpu", False, False),  # one process: nothing to tell
            ("1", "1", "cpu", False, False),
            ("2", None, "cpu", True, True),  # asked for by the caller
            ("2", "true", None, True, True),  # asked for by `accelerate launch --cpu`
            ("2", None, None, False, True),  # there is no GPU
            ("2", None, None, True, False),
            ("2", "0", "cuda", True, False),
        ],
    )
    def test_is_read_from_the_environment_and_the_device(self, monkeypatch, world, use_cpu, device, gpu, told):
        for name, value in (("WORLD_SIZE", world), ("ACCELERATE_USE_CPU", use_cpu)):
            if value is None:
                monkeypatch.delenv(name, raising=False)
            else:
                monkeypatch.setitem(os.environ, name, value)
        monkeypatch.setattr(torch.cuda, "is_available", lambda: gpu)
        assert module._several_on_cpu(device) is told
