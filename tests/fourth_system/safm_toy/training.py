"""From a task (config, data, options) to a training that is ready for its first step."""

from dataclasses import replace
from functools import partial

import torch

from ipose.data.batch_sources import SceneSource
from ipose.data.open_data import checked_scenes, open_scenes, open_spec
from ipose.label_spec import LabelSpec
from ipose.systems.scene_models import sheet, spread
from ipose.systems.training import Prepared, Task, steps_of_epochs
from ipose.training.snapshot import Snapshot
from safm_toy.config import SafmConfig
from safm_toy.model import Safm
from safm_toy.network import Generator
from safm_toy.objective import SafmObjective


def prepare(task: Task, *, seed: int, resume: bool) -> Prepared:
    """Both networks on the scenes of `task.data`, every file of which has been checked."""
    spec = open_spec(task.data).labels
    config: SafmConfig = replace(task.config, num_classes=spec.num_classes)
    scenes = checked_scenes(task.data, (config.height, config.width))
    val = open_scenes(task.data, "val", (config.height, config.width))
    torch.manual_seed(seed)
    return Prepared(
        config=config,
        objective=SafmObjective(config, spec),
        source=SceneSource(scenes, flip=config.flip),
        about=f"{len(scenes)} scenes of {task.data.data}",
        loop={
            "steps": steps_of_epochs(config.epochs, len(scenes), config.batch_size),
            "batch_size": config.batch_size,
            "ema_decay": 0.99,
        },
        model=partial(_model, spec=spec),
        show=partial(sheet, scenes=spread(val, 4)),
    )


def _model(snapshot: Snapshot, *, spec: LabelSpec) -> Safm:
    """The model of a step, from averaged weights."""
    generator = snapshot.network("generator")
    assert isinstance(generator, Generator)
    return Safm(generator, spec)
