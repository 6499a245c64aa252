"""Weights by name: what fits, and a sentence about what does not."""

import pytest
import torch
from torch import nn

from ipose.errors import NonFiniteLossError, RunError
from ipose.training.matching import check_finite, load_exactly, load_matching, state_dicts


def net(classes: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(2, 3), nn.Linear(3, classes))


class TestLoadMatching:
    """load_matching starts a network from another's weights."""

    def test_loads_what_fits_and_leaves_the_rest_as_it_was(self):
        source, target = net(5), net(7)
        head = target[1].weight.detach().clone()
        load_matching(target, source.state_dict())
        assert torch.equal(target[0].weight, source[0].weight)
        assert torch.equal(target[1].weight, head)

    def test_reports_what_it_did(self):
        state = net(5).state_dict() | {"extra": torch.zeros(1)}
        del state["0.bias"]
        report = load_matching(net(7), state)
        assert report.loaded == ("0.weight",)
        assert report.reshaped == {"1.weight": ((7, 3), (5, 3)), "1.bias": ((7,), (5,))}
        assert (report.missing, report.unused) == (("0.bias",), ("extra",))
        assert not report.complete
        assert str(report) == (
            "1 of 4 weights loaded; other shapes: 1.weight (7x3 here, 5x3 there), 1.bias (7 here, 5 there); "
            "missing there: 0.bias; unknown here: extra"
        )

    def test_a_full_match_is_complete_and_says_so(self):
        report = load_matching(net(5), net(5).state_dict())
        assert report.complete
        assert str(report) == "4 of 4 weights loaded"

    def test_another_networks_file_is_refused(self):
        with pytest.raises(RunError, match=r"no weight fits this Sequential: found a, expected 0\.weight"):
            load_matching(net(5), {"a": torch.zeros(1)})


class TestLoadExactly:
    """load_exactly loads all or nothing."""

    def test_lists_every_difference_in_one_sentence_and_loads_nothing(self):
        target = net(7)
        before = {key: value.clone() for key, value in target.state_dict().items()}
        with pytest.raises(RunError, match=r"'g' is another network: found other shapes: 1.weight \(7x3 here, 5x3"):
            load_exactly(target, net(5).state_dict(), name="g")
        assert all(torch.equal(before[key], value) for key, value in target.state_dict().items())

    def test_long_lists_are_cut(self):
        deep = nn.Sequential(*(nn.Linear(1, 1) for _ in range(8)))
        with pytest.raises(RunError, match=r"2\.bias and 10 more"):
            load_exactly(deep, {"0.weight": torch.zeros(1, 1)}, name="g")


class TestStateDicts:
    """state_dicts copies the weights of several networks, as files hold them."""

    def test_a_tensor_of_two_names_is_saved_twice(self):
        network = net(3)
        network.add_module("again", network[0])
        states = state_dicts({"net": network})["net"]
        assert torch.equal(states["again.weight"], states["0.weight"])
        assert states["again.weight"].data_ptr() != states["0.weight"].data_ptr()
        assert not states["0.weight"].requires_grad


class TestCheckFinite:
    """check_finite refuses to save a network that is lost."""

    def test_numbers_of_any_kind_pass(self):
        check_finite({"net": {"weight": torch.ones(2), "count": torch.tensor(3), "mask": torch.tensor([True])}})

    @pytest.mark.parametrize("bad", [float("nan"), float("inf")])
    def test_a_weight_that_is_no_number_is_named_with_its_network(self, bad):
        with pytest.raises(NonFiniteLossError, match=r"weight 'b' of 'net' is not finite.*--init"):
            check_finite({"net": {"a": torch.ones(2), "b": torch.tensor([0.0, bad])}})
