"""The one training loop: it trains an objective (`ipose.types.Objective`) on a data source and writes a run."""

from collections.abc import Callable
from contextlib import ExitStack

import torch

from ipose.errors import ConfigError
from ipose.objective import Objective
from ipose.seeds import kept_random_state
from ipose.training.batches import BatchSource
from ipose.training.checkpoint_files import Criterion
from ipose.training.config import NO_METRIC, TrainConfig
from ipose.training.metrics import Curves, Progress
from ipose.training.processes import Processes
from ipose.training.run import Run
from ipose.training.snapshot import Hook, TrainResult
from ipose.training.stop import listening
from ipose.training.trainer import Trainer


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
    criterion: Criterion | None = None,
) -> TrainResult:
    """Train until the steps are done, the time is up, or a signal stops it.

    All random numbers come from (seed, step) or (seed, epoch, index). So a resumed run ends with the same weights as
    one that never stopped, on the same machine and if the schedule does not follow the clock.

    Args:
        objective: the networks and their losses. It may have three more attributes. `averaged`: a tuple of names of the
            networks to average. `to(device)`: moves what it holds beside its networks. `sync_batch_norm`: False = each
            process has its own batch statistics.
        run: from `Run.create`, or from `Run.resume` with `resume=True`.
        resume: go on from the newest undamaged checkpoint, or from step 0 if there is none.
        on_sample: called every `sample_every` steps and at the end.
        on_save: called after every checkpoint. The last call of a finished run has `final=True`.
        device: None = accelerate chooses.
        next_step: sentence about what to do with a finished run; it ends the last message.
        criterion: what `config.keep_best` names. At each checkpoint it is measured, before `on_save` is called.
    Raises:
        ConfigError: `config.keep_best` names a metric, and there is no such criterion; or the processes have data sets
            of different sizes.
        NonFiniteLossError: a loss is NaN or infinite. The step was not taken.
        RunError: the run has checkpoints and `resume` is off; a checkpoint does not fit or cannot be written; the data
            set has another size than before; or another process trains in the same folder.
    """
    if config.keep_best != NO_METRIC and (criterion is None or criterion.metric != config.keep_best):
        found = "nothing" if criterion is None else criterion.metric
        raise ConfigError("no measure of the metric to keep the best by", found=found, expected=config.keep_best)
    processes = Processes(device)
    _same_items(len(source), processes)
    with ExitStack() as stack:
        if processes.is_main:
            stack.enter_context(run.locked())
            run.expect_items(len(source))
        stack.enter_context(kept_random_state())
        trainer = Trainer(objective, run, config, processes, on_sample, on_save, next_step)
        trainer.criterion = criterion if config.keep_best != NO_METRIC else None
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


def _same_items(items: int, processes: Processes) -> None:
    """Raises ConfigError, in every process, where the processes do not have as many items each."""
    each = processes.from_all(items)
    if len(set(each)) > 1:
        message = "the processes of this training do not read the same data"
        raise ConfigError(message, found=f"{each} items", mend="Give each host the same data set.")


def _say_nothing(_: str) -> None:
    pass
