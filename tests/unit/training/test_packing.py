"""Data sets on their way to a worker."""

import pickle

import pytest
import torch

from ipose.training.packing import Packed


class TestPacked:
    """Packed brings a value to another process as it is."""

    @pytest.mark.parametrize("dtype", [torch.uint8, torch.bool, torch.int64, torch.float32, torch.bfloat16])
    @pytest.mark.parametrize("shape", [(), (0,), (2, 3)])
    def test_tensors_of_any_kind_arrive_unchanged_and_can_be_written_to(self, dtype, shape):
        tensor = torch.arange(max(torch.Size(shape).numel(), 1))[: torch.Size(shape).numel()].view(shape).to(dtype)
        (arrived,) = pickle.loads(pickle.dumps(Packed((tensor,)))).value
        assert (arrived.dtype, arrived.shape) == (tensor.dtype, tensor.shape)
        assert torch.equal(arrived, tensor)
        arrived.zero_()

    def test_a_view_arrives_without_what_it_is_a_view_of(self):
        view = torch.zeros(1_000_000)[:3]
        assert len(pickle.dumps(Packed(view))) < 1000

    def test_gradients_wanted_are_wanted_there_too(self):
        assert pickle.loads(pickle.dumps(Packed(torch.zeros(2, requires_grad=True)))).value.requires_grad
