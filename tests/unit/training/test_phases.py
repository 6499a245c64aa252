"""One phase: trains exactly its networks, or leaves everything as it was."""

import math

import pytest
import torch
from hypothesis import strategies as st
from torch import nn

from ipose.errors import ConfigError, NonFiniteLossError, ShapeMismatchError
from ipose.objective import Phase
from ipose.testing.claims import law
from ipose.testing.tiny_system import TinyBatch, TinySystem, everything
from ipose.training.averaging import Averages
from ipose.training.config import TrainConfig
from ipose.training.phases import PhaseRunner, Stepper, constant_then_linear, rate_factor, set_rates
from ipose.training.processes import Processes

BATCH = TinyBatch(("a", "b", "c"), torch.linspace(-1, 1, 12).view(3, 4))


def changed(before, after) -> set[str]:
    """Names of the networks and optimizers of which something differs."""
    names = [name for name in after if name not in before or not torch.equal(before[name], after[name])]
    return {".".join(name.split(".")[: 2 if ".optimizer." in name else 1]) for name in names}


def phases(system: TinySystem):
    return system.phases(BATCH, torch.Generator().manual_seed(0))


@pytest.fixture
def system() -> TinySystem:
    return TinySystem(dropout=0.0)


@pytest.fixture
def runner(system: TinySystem) -> PhaseRunner:
    return PhaseRunner(system, Processes("cpu"))


def weights(system: TinySystem, name: str) -> dict[str, torch.Tensor]:
    return {key: value.detach().clone() for key, value in system.networks[name].named_parameters()}


class TestPhaseRunner:
    """PhaseRunner.step takes one optimizer step for one phase."""

    @pytest.mark.parametrize("index", [0, 1])
    def test_trains_every_layer_of_its_networks_and_none_of_the_others(self, system, runner, index):
        names = ["generator", "discriminator"]
        mine, other = names[index], names[1 - index]
        before = weights(system, mine), weights(system, other)
        runner.step(list(phases(system))[index])
        after = weights(system, mine), weights(system, other)
        assert all(not torch.equal(before[0][key], after[0][key]) for key in before[0] if "weight" in key)
        assert all(torch.equal(before[1][key], after[1][key]) for key in before[1])

    def test_others_are_frozen_while_the_losses_are_computed_and_free_again_afterwards(self, system, runner):
        seen = {}

        def watch(phase, system):
            seen[phase] = {name: all(p.requires_grad for p in n.parameters()) for name, n in system.networks.items()}

        system.watch = watch
        for phase in phases(system):
            runner.step(phase)
        assert seen == {
            "generator": {"generator": True, "discriminator": False},
            "discriminator": {"generator": False, "discriminator": True},
        }
        assert all(p.requires_grad for network in system.networks.values() for p in network.parameters())

    def test_what_the_system_froze_itself_stays_frozen(self, system):
        frozen = system.generator[0].weight.requires_grad_(False)
        before = frozen.clone()
        PhaseRunner(system, Processes("cpu")).step(next(phases(system)))
        assert not frozen.requires_grad
        assert torch.equal(frozen, before)

    def test_a_later_phase_sees_what_an_earlier_one_changed(self, system, runner):
        seen = {}
        system.watch = lambda phase, system: seen.update({phase: weights(system, "generator")})
        for phase in phases(system):
            runner.step(phase)
        now = weights(system, "generator")
        assert all(torch.equal(seen["discriminator"][key], now[key]) for key in now)
        assert any(not torch.equal(seen["generator"][key], now[key]) for key in now)

    def test_takes_the_step_of_the_sum_of_the_terms(self, system, runner):
        twin = TinySystem(dropout=0.0)
        values = runner.step(next(phases(system)))
        losses = next(phases(twin)).losses()
        sum(losses.values()).backward()
        twin.optimizers["generator"].step()
        assert values == pytest.approx({term: loss.item() for term, loss in losses.items()})
        assert all(torch.equal(weights(system, "generator")[k], v) for k, v in weights(twin, "generator").items())

    def test_leaves_no_gradient_behind(self, system, runner):
        for phase in phases(system):
            runner.step(phase)
        assert all(p.grad is None for network in system.networks.values() for p in network.parameters())

    @pytest.mark.parametrize("bad", [float("nan"), float("inf")])
    @pytest.mark.parametrize("index", [0, 1])
    def test_a_loss_that_is_not_finite_leaves_weights_optimizer_and_buffers_untouched(self, system, runner, bad, index):
        for phase in phases(system):  # given optimizers with some state
            runner.step(phase)
        before = everything(system)
        phase = list(phases(system))[index]
        poisoned = Phase(
            phase.name, phase.networks, phase.optimizer, lambda: {**phase.losses(), "term": torch.tensor(bad)}
        )
        with pytest.raises(NonFiniteLossError, match=rf"{phase.name}.*term = {bad}"):
            runner.step(poisoned)
        assert changed(before, everything(system)) == set()
        assert all(p.requires_grad and p.grad is None for n in system.networks.values() for p in n.parameters())

    def test_any_failure_puts_the_buffers_back(self, system, runner):
        before = everything(system)

        def fail(phase, system):
            assert changed(before, everything(system)) == {"generator", "discriminator"}  # both ran in training mode
            raise KeyboardInterrupt

        system.watch = fail
        with pytest.raises(KeyboardInterrupt):
            runner.step(next(phases(system)))
        assert changed(before, everything(system)) == set()

    def test_a_loss_of_several_numbers_is_refused(self, system, runner):
        system.watch = lambda phase, system: {"map": system.generator[0].weight.sum(0)}
        with pytest.raises(ShapeMismatchError, match=r"'map' of phase 'generator'.*found \(4,\)"):
            runner.step(next(phases(system)))

    def test_a_loss_that_trains_nothing_is_refused(self, system, runner):
        system.watch = lambda phase, system: {"detached": system.generator[0].weight.sum().detach()}
        with pytest.raises(ConfigError, match="no loss of phase 'generator' depends"):
            runner.step(next(phases(system)))

    def test_no_loss_at_all_is_refused(self, runner):
        with pytest.raises(ConfigError, match="gave no loss"):
            runner.step(Phase("generator", ("generator",), "generator", dict))

    def test_unknown_networks_and_optimizers_are_named(self, runner):
        with pytest.raises(ConfigError, match="found critic, expected generator, discriminator"):
            runner.step(Phase("p", ("critic",), "generator", dict))
        with pytest.raises(ConfigError, match="found sgd, expected generator or discriminator"):
            runner.step(Phase("p", ("generator",), "sgd", dict))

    def test_bf16_computes_in_bfloat16_and_keeps_float32_weights(self, system):
        runner = PhaseRunner(system, Processes("cpu"), "bf16")
        seen = []

        def watch(phase, system):
            seen.append(nn.functional.linear(BATCH.x, system.generator[0].weight).dtype)

        system.watch = watch
        runner.step(next(phases(system)))
        assert seen == [torch.bfloat16]
        assert all(p.dtype == torch.float32 for p in system.generator.parameters())


class Drawing(TinySystem):
    """Notes what is drawn of the step's generator and of torch's global numbers, and the rate of the step."""

    def phases(self, batch, generator):
        def losses():
            self.drawn = torch.rand((), generator=generator).item(), torch.rand(()).item()
            return {"sum": self.generator[0].weight.sum()}

        self.rate = self.optimizers["generator"].param_groups[0]["lr"]
        yield Phase("generator", ("generator",), "generator", losses)


def take(step, *, seed=0, rank=0, minutes=0.0, **fields):
    """One step of a new system: the system, the stepper, and what was taken."""
    system, processes = Drawing(), Processes("cpu")
    processes.rank = rank
    config = TrainConfig(steps=10, batch_size=3, seed=seed, **fields)
    stepper = Stepper(system, Averages(system.networks, ("generator",), 0.9), config, processes)
    return system, stepper, stepper.take(BATCH, step, minutes)


class TestStepper:
    """Stepper.take: random numbers of seed, step and rank alone; then the step's rate, its phases, and the averages."""

    def test_seed_step_and_rank_each_give_other_numbers_and_nothing_else_does(self):
        cases = [(step, seed, rank) for step in (0, 1, 11) for seed in (0, 1) for rank in (0, 1, 2)]
        drawn = {case: take(case[0], seed=case[1], rank=case[2])[0].drawn for case in cases}
        for which in (0, 1):  # the generator that a step is given, and the global one
            assert len({numbers[which] for numbers in drawn.values()}) == len(cases)
        torch.manual_seed(123)
        assert take(1, seed=1, rank=2)[0].drawn == drawn[1, 1, 2]

    def test_the_rates_are_those_of_the_step(self):
        linear = {"schedule": "linear"}
        assert [take(step, **linear)[0].rate for step in (0, 5)] == pytest.approx([1e-2, 0.5e-2])
        by_clock = {**linear, "max_minutes": 4.0, "decay_by": "clock"}
        assert take(0, minutes=1.0, **by_clock)[0].rate == pytest.approx(0.75e-2)

    def test_the_averages_follow_after_the_phases(self):
        system, stepper, taken = take(0)
        assert list(taken) == ["generator"]
        assert stepper.averages.updates == 1
        averaged = stepper.averages.modules()["generator"][0].weight
        assert torch.equal(averaged, system.generator[0].weight)
        assert not torch.equal(averaged, Drawing().generator[0].weight)

    def test_precision_and_what_saves_memory_are_those_of_the_config(self):
        _, stepper, _ = take(0, precision="bf16", accumulate=3, checkpoint_activations=True)
        assert stepper.runner.precision == "bf16"
        assert stepper.runner.sparing.args[1:] == (3, True)

    def test_a_loss_that_is_not_finite_names_the_step_and_its_items(self):
        system = TinySystem(watch=lambda phase, system: {"term": torch.tensor(float("nan"))})
        stepper = Stepper(system, Averages({}, (), 0.0), TrainConfig(steps=10, batch_size=3), Processes("cpu"))
        with pytest.raises(NonFiniteLossError, match=r"not finite in step 5 on a, b, c, so it was not taken"):
            stepper.take(BATCH, 4, 0.0)


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
