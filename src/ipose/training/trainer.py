"""The state and the steps of one call of `train`: begin, run to the end, log, save and sample."""

import math
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from ipose.errors import NonFiniteLossError, RunError
from ipose.objective import Objective, called_modules
from ipose.training.averaging import Averages
from ipose.training.batches import BatchSource, batch_stream, batches_per_epoch
from ipose.training.checkpoint import Checkpoint, latest_checkpoint, restore, save_checkpoint
from ipose.training.checkpoint_files import (
    Best,
    Criterion,
    best_at,
    checkpoint_path,
    list_checkpoints,
    remove_old,
    remove_unfinished,
    write_best,
)
from ipose.training.config import TrainConfig
from ipose.training.metrics import Curves, Progress, Window, append_metrics, drop_metrics_after, mean_losses
from ipose.training.phases import Stepper, set_rates
from ipose.training.processes import Processes
from ipose.training.run import Run
from ipose.training.snapshot import Hook, Snapshot, Stopped, TrainResult, advice
from ipose.training.stop import StopRequest


class Trainer:
    """One call of `ipose.training.train`, which explains the arguments."""

    def __init__(
        self,
        objective: Objective,
        run: Run,
        config: TrainConfig,
        processes: Processes,
        on_sample: Hook | None,
        on_save: Hook | None,
        next_step: str = "",
    ) -> None:
        self.objective, self.run, self.config, self.processes = objective, run, config, processes
        self.on_sample, self.on_save, self.next_step = on_sample, on_save, next_step
        self.step, self.seconds_before, self.started = 0, 0.0, time.monotonic()
        self.saved: Path | None = None
        self.saved_step = -1
        self.criterion: Criterion | None = None
        self.best: Best | None = None
        self.window, self.losses = Window(config.batch_size), dict[str, dict[str, float]]()
        self.steps_per_epoch = 1

    @property
    def seconds(self) -> float:
        """Training time so far, over all resumes."""
        return self.seconds_before + time.monotonic() - self.started

    def begin(self, resume: bool) -> None:
        """Move everything to the device. With `resume`, restore the last checkpoint."""
        self.processes.place(self.objective)
        sync = getattr(self.objective, "sync_batch_norm", True)
        self.processes.prepare(self.objective.networks, sync_batch_norm=sync)
        averaged = getattr(self.objective, "averaged", ())
        self.averages = Averages(self.objective.networks, averaged, self.config.ema_decay)
        set_rates(self.objective.optimizers.values(), 1.0)
        if resume:
            self._restore()
        elif found := list_checkpoints(self.run.checkpoints):
            mend = f"Go on with: {self.run.resume_command}"
            raise RunError("this run has been trained already", file=self.run.folder, found=found[-1].name, mend=mend)
        self.first = self.step
        if self.processes.any(self._unmeasured()):  # a kill came between checkpoint and measure, or the metric is new
            self._save(final=False)
        if self.processes.any(self._unsampled()) and self.step < self.config.steps:
            self._sample(final=False)
        self.stepper = Stepper(self.objective, self.averages, self.config, self.processes)
        if self.config.compile:
            for module in called_modules(self.objective):
                module.compile()

    def _restore(self) -> None:
        found: Checkpoint | None = None
        if self.processes.is_main:
            remove_unfinished(self.run.checkpoints)
            found = latest_checkpoint(self.run.checkpoints, set_aside=True)
        found = self.processes.from_main(found)  # the folder may be on the disk of the main process's host alone
        if found is not None:
            restore(found, self.objective, self.averages)
            self.step, self.seconds_before = found.step, found.seconds
            self.saved, self.saved_step = found.path, found.step
            if self.criterion is not None:
                self.best = best_at(self.run.checkpoints, self.criterion.metric, self.step)
        if self.processes.is_main:
            drop_metrics_after(self.run.metrics, self.step)

    def _unmeasured(self) -> bool:
        """Whether a restored checkpoint still has to be measured. Only the main process measures."""
        measured = self.best is not None and self.best.measured == self.step
        return self.processes.is_main and self.criterion is not None and self.saved is not None and not measured

    def _unsampled(self) -> bool:
        """Whether the sheet of a restored step is missing: a kill came between checkpoint and sheet."""
        config = self.config
        due = config.sample_every and (self.step % config.sample_every == 0 or self.step == config.steps)
        return bool(self.processes.is_main and self.saved and due) and not self.run.sheet(self.step).exists()

    def run_to_end(self, source: BatchSource, stop: StopRequest, bar: Progress, curves: Curves) -> Stopped:
        """Train until the steps are done, the time is up or a signal came. Returns which."""
        config, processes = self.config, self.processes
        self.steps_per_epoch = batches_per_epoch(len(source), config.batch_size)
        feed = batch_stream(
            source,
            batch_size=config.batch_size,
            seed=config.seed,
            start=self.step,
            stop=config.steps,
            workers=config.workers,
            rank=processes.rank,
            world=processes.world,
        )
        with closing(feed):
            while self.step < config.steps:
                if processes.any(bool(stop)):
                    return "interrupted"
                if processes.any(self._time_is_up()):
                    return "time"
                self.window.start()
                try:
                    batch = next(feed)
                except RuntimeError:
                    if not stop:  # after a signal, the workers have ended too, which is no fault
                        raise
                    continue
                self._take(batch)
                bar.update(self.step, self.seconds, self.window.losses(), self.window.images_per_second())
                self._at_intervals(curves)
        return "done"

    def _time_is_up(self) -> bool:
        """`max_minutes` is for the whole run if the schedule follows the clock, else for this call of `train`."""
        if self.config.max_minutes is None:
            return False
        spent = self.seconds if self.config.by_clock else self.seconds - self.seconds_before
        return spent >= 60 * self.config.max_minutes

    def _take(self, batch: object) -> None:
        minutes = self.processes.same(self.seconds / 60) if self.config.by_clock else 0.0
        try:
            self.window.add(self.stepper.take(batch, self.step, minutes))
        except NonFiniteLossError as error:
            saved = f"The last checkpoint is {self.saved}." if self.saved else "Nothing was saved yet."
            mend = f"{error.mend} {saved}"
            raise NonFiniteLossError(error.message, found=error.found, expected=error.expected, mend=mend) from error
        self.step += 1

    def _at_intervals(self, curves: Curves) -> None:
        if self.step % self.config.log_every == 0:
            self._log(curves)
        if self.step == self.config.steps:
            return  # `end` saves and samples
        if self.step % self.config.checkpoint_every == 0:
            self._save(final=False)
        if self.config.sample_every and self.step % self.config.sample_every == 0:
            self._sample(final=False)

    def end(self, stopped: Stopped, curves: Curves) -> TrainResult:
        """Log, save and sample for the last time."""
        final = stopped == "done" or (stopped == "time" and self.config.by_clock)
        trained = self.seconds
        if self.window.steps:
            self._log(curves)
        path = self._save(final)
        missing = self.step > self.first or self.processes.any(self._unsampled())
        if self.config.sample_every and stopped != "interrupted" and missing:
            self._sample(final)
        nothing = self.first == self.step and self.step >= self.config.steps
        more = [] if self.best is None else [f"The model folder is of the best step, {self.best.text()}."]
        if self.config.max_minutes is not None and not nothing:
            after = (self.seconds - trained) / 60
            more += [f"Saving, with its estimate of the batch norms, took {after:.1f} minutes beyond --max-minutes."]
        words = {"next_step": self.next_step, "more": " ".join(more)}
        text = advice(self.run, self.step, self.seconds, stopped, path, final=final, **words)
        if nothing:
            text = f"Nothing was trained: the run has its {self.config.steps} steps already. {text}"
        return TrainResult(self.step, self.seconds, stopped, self.losses, path, text)

    def _log(self, curves: Curves) -> None:
        self.losses = mean_losses(self.processes.from_all(self.window.sums))
        record = {
            "step": self.step,
            "epoch": self.step / self.steps_per_epoch,
            "seconds": round(self.seconds, 3),
            "images_per_second": round(self.window.images_per_second(), 3),
            "lr": {name: optimizer.param_groups[0]["lr"] for name, optimizer in self.objective.optimizers.items()},
            "losses": self.losses,
        }
        if self.processes.is_main:
            append_metrics(self.run.metrics, record)
            curves.add(record)
        self.window = Window(self.config.batch_size)

    def _save(self, final: bool) -> Path:
        if self.saved_step != self.step:
            self.processes.same_buffers(self.objective.networks)
            self.saved = checkpoint_path(self.run.checkpoints, self.step)
            if self.processes.is_main:
                save_checkpoint(
                    self.run.checkpoints,
                    self.objective,
                    self.averages,
                    step=self.step,
                    seconds=self.seconds,
                    keep=self.config.keep,
                    best=None if self.best is None else self.best.step,
                )
            self.saved_step = self.step
        best = self._measured() if self.processes.is_main else None
        self._call(self.on_save, final, best=best is None or best.step == self.step)
        if best is not None and best != self.best:
            self.best = best
            write_best(self.run.checkpoints, best)
            remove_old(self.run.checkpoints, self.config.keep, best.step)
        assert self.saved is not None
        return self.saved

    def _measured(self) -> Best | None:
        """The best checkpoint with the present one, which is measured once. None = nothing is to be measured."""
        criterion, best = self.criterion, self.best
        if criterion is None or (best is not None and best.measured == self.step):
            return best
        value = criterion.measure(self._snapshot(False))
        seen = {"step": self.step, "seconds": round(self.seconds, 3), "keep_best": {criterion.metric: value}}
        if math.isfinite(value):
            append_metrics(self.run.metrics, seen)
        if best is None or criterion.prefers(value, best.value):
            return Best(criterion.metric, self.step, value, measured=self.step)
        return replace(best, measured=self.step)

    def _sample(self, final: bool) -> None:
        self._call(self.on_sample, final)

    def _call(self, hook: Hook | None, final: bool, *, best: bool = True) -> None:
        """Call a hook on the main process; the others wait. It may use global random numbers: each step seeds them."""
        if hook is not None and self.processes.is_main:
            hook(self._snapshot(final, best=best))
        self.processes.wait()

    def _snapshot(self, final: bool, *, best: bool = True) -> Snapshot:
        networks, averages = self.objective.networks, self.averages.modules()
        return Snapshot(self.step, self.seconds, self.run, final, networks, averages, best)
