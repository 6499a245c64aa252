"""One phase: trains exactly its networks, or leaves everything as it was."""

import pytest
import torch
from torch import nn

from ipose.errors import ConfigError, NonFiniteLossError, ShapeMismatchError
from ipose.testing.tiny_system import TinyBatch, TinySystem, everything
from ipose.training.averaging import Averages
from ipose.training.config import TrainConfig
from ipose.training.phases import PhaseRunner, Stepper
from ipose.training.processes import Processes
from ipose.types import Phase

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
