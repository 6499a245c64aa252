"""The course of the learning rates."""

import math

import pytest
import torch
from hypothesis import strategies as st

from ipose.errors import ConfigError
from ipose.testing.law import law
from ipose.training.config import TrainConfig
from ipose.training.schedule import constant_then_linear, rate_factor, set_rates

BY_CLOCK = {"max_minutes": 4.0}


def config(schedule: str, **fields) -> TrainConfig:
    return TrainConfig(steps=100, batch_size=1, schedule=schedule, **fields)


class TestRateFactor:
    """rate_factor is 1 before the first step and falls towards 0 at the end."""

    @pytest.mark.parametrize("schedule", ["constant", "linear", "cosine"])
    def test_starts_at_the_whole_rate(self, schedule):
        assert rate_factor(config(schedule), 0, 0.0) == 1

    @pytest.mark.parametrize(
        ("schedule", "quarter", "half"),
        [
            ("constant", 1.0, 1.0),
            ("linear", 0.75, 0.5),
            ("cosine", (1 + math.sqrt(0.5)) / 2, 0.5),
        ],
    )
    def test_matches_a_hand_count_at_a_quarter_and_a_half(self, schedule, quarter, half):
        assert rate_factor(config(schedule), 25, 0.0) == pytest.approx(quarter)
        assert rate_factor(config(schedule), 50, 0.0) == pytest.approx(half)
        assert rate_factor(config(schedule, **BY_CLOCK), 0, 1.0) == pytest.approx(quarter)
        assert rate_factor(config(schedule, **BY_CLOCK), 0, 2.0) == pytest.approx(half)

    @pytest.mark.parametrize("schedule", ["linear", "cosine"])
    def test_ends_at_nothing_and_stays_there(self, schedule):
        assert rate_factor(config(schedule), 100, 0.0) == pytest.approx(0, abs=1e-12)
        assert rate_factor(config(schedule, **BY_CLOCK), 3, 9.0) == pytest.approx(0, abs=1e-12)

    @law(step=st.integers(0, 99), minutes=st.floats(0, 4))
    def test_never_rises(self, step, minutes):
        for schedule in ("linear", "cosine"):
            assert rate_factor(config(schedule), step + 1, minutes) < rate_factor(config(schedule), step, minutes)

    def test_reads_the_steps_where_asked_to_whatever_the_clock_says(self):
        assert rate_factor(config("linear", decay_by="steps", **BY_CLOCK), 10, 3.9) == pytest.approx(0.9)


class TestSetRates:
    """set_rates scales every group's own rate."""

    def test_scales_each_group_from_its_initial_rate_and_not_from_the_last(self):
        groups = [{"params": [torch.zeros(1)], "lr": 1.0}, {"params": [torch.zeros(1)], "lr": 0.1}]
        optimizer = torch.optim.SGD(groups)
        for factor in (1.0, 0.5, 0.25):
            set_rates([optimizer], factor)
        assert [group["lr"] for group in optimizer.param_groups] == pytest.approx([0.25, 0.025])


class TestConstantThenLinear:
    """By epochs, as pix2pixHD and GroupDNet step: the epoch after the constant ones is still at the full rate."""

    def test_matches_a_hand_count(self):
        factors = [constant_then_linear(epoch, 2, 4) for epoch in range(1, 7)]
        assert factors == [1, 1, 1, 0.75, 0.5, 0.25]

    def test_the_steps_of_a_run_are_divided_into_its_epochs(self):
        settings = config("constant_then_linear", constant_epochs=2, decay_epochs=2)
        factors = [rate_factor(settings, step, 0.0) for step in (0, 49, 50, 74, 75, 99, 100)]
        assert factors == [1, 1, 1, 1, 0.5, 0.5, 0.5]

    def test_an_epoch_begins_at_its_very_step_whatever_the_division_rounds_to(self):
        """Given as many steps as epochs, of which 29 / 100 * 100 falls below 29."""
        settings = config("constant_then_linear", constant_epochs=10, decay_epochs=90)
        factors = [rate_factor(settings, step, 0.0) for step in range(100)]
        assert factors == [constant_then_linear(step + 1, 10, 90) for step in range(100)]

    def test_needs_an_epoch_of_decay(self):
        with pytest.raises(ConfigError, match=r"\[decay_epochs\].*at least 1"):
            config("constant_then_linear", constant_epochs=2)
