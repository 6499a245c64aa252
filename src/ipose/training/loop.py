"""The one training loop. A system says what to learn (`ipose.types.Objective`), a source what from, a run where to."""

from collections.abc import Callable
from contextlib import ExitStack

import torch

from ipose.seeds import kept_random_state
from ipose.training.batches import BatchSource
from ipose.training.config import TrainConfig
from ipose.training.processes import Processes
from ipose.training.progress import Curves, Progress
from ipose.training.run import Run
from ipose.training.snapshot import Hook, TrainResult
from ipose.training.stop import listening
from ipose.training.trainer import Trainer
from ipose.types import Objective


def train(
    objective: Objective,
    source: BatchSource,
    run: Run,
    config: TrainConfig,
    *,
    resume: bool = False,
    on_sample: Hook | None = None,
    on_save: Hook | None = None,
    device: torch.device | str | None = None,
    progress: bool | None = None,
    say: Callable[[str], object] | None = None,
    next_step: str = "",
) -> TrainResult:
    """Train `objective` on `source` until the steps are done, the time is up, or somebody stops it.

    All randomness is f(seed, step) or f(seed, epoch, index), so a resumed run ends with the very weights of an
    undisturbed one (on the same machine; not with a schedule by the clock).

    Args:
        objective: `averaged`, an optional tuple of names, says which networks get averaged weights; an optional
            `to(device)` moves what it holds besides its networks; an optional `sync_batch_norm` False keeps batch
            statistics to each process.
        run: from `Run.create`, or `Run.resume` with `resume=True`.
        resume: go on from the run's last whole checkpoint (from step 0 where there is none).
        on_sample: called every `sample_every` steps and at the end.
        on_save: called after every checkpoint, the last with `final=True` when the run is done.
        device: None = what accelerate finds.
        progress: show the bar; None = where stderr is a terminal.
        say: takes messages; None = print them.
        next_step: sentence that ends the message on a finished run: what to do with it.
    Raises:
        NonFiniteLossError: names phase, term, the batch's files and the last checkpoint; the step was not taken.
        RunError: the run has checkpoints and `resume` is off; a checkpoint does not fit or cannot be written; the data
            set has another size than before; another process trains in the same folder.
    """
    processes = Processes(device)
    with ExitStack() as stack:
        if processes.is_main:
            stack.enter_context(run.locked())
            run.expect_items(len(source))
        stack.enter_context(kept_random_state())
        trainer = Trainer(objective, run, config, processes, on_sample, on_save, next_step)
        trainer.begin(resume)
        shown = progress if processes.is_main else False
        bar = Progress(config, start=trainer.step, seconds=trainer.seconds, show=shown)
        stack.callback(bar.close)
        curves = Curves(run.folder / "tensorboard", wanted=config.tensorboard and processes.is_main, start=trainer.step)
        stack.callback(curves.close)
        tell = (say or bar.say) if processes.is_main else _say_nothing
        stop = stack.enter_context(listening(tell))
        result = trainer.end(trainer.run_to_end(source, stop, bar, curves), curves)
        bar.close()
        tell(result.advice)
        return result


def _say_nothing(_: str) -> None:
    pass
