"""The fast forms change no training: losses of 20 steps are those of the equations as they are written.

In float64: in float32 Adam makes rounding grow to some per cent within 20 steps, whatever the forms.
"""

from contextlib import nullcontext

import pytest
import torch
import torch.nn.functional as F
from plain_forms import plain_forms

from ipose.data.batch_sources import SceneSource
from ipose.part_annotations import PART_CHANNELS
from ipose.partnet.scene_parts import SceneParts
from ipose.partworld.categories import PARTWORLD
from ipose.partworld.config import PartWorldConfig
from ipose.partworld.scene import PartWorld
from ipose.synthesis.objective import SynthesisObjective
from ipose.synthesis.presets import preset
from ipose.training.phases import PhaseRunner
from ipose.training.processes import Processes

CONFIG = preset(
    "toy",
    num_classes=PARTWORLD.num_classes,
    channels=4,
    channel_multipliers=(4, 4, 2, 2, 2),
    discriminator_channels=(3, 8, 8, 16, 16),
    part_input="logits",
)


def true_parts(batch):
    one_hot = F.one_hot(batch.part.long(), PART_CHANNELS).permute(0, 3, 1, 2).float()
    return SceneParts(one_hot, one_hot, (batch.part > 0)[:, None].float())


def to_float64(_, inputs, keywords):
    """A forward pre-hook: what is prepared in float32 enters the network in float64."""

    def double(value):
        return value.double() if isinstance(value, torch.Tensor) and value.is_floating_point() else value

    return tuple(map(double, inputs)), {name: double(value) for name, value in keywords.items()}


def losses(form, steps=20):
    """All losses of each step, from fixed seeds."""
    torch.manual_seed(0)
    scenes = list(PartWorld(PartWorldConfig(count=4, size=(64, 64))))
    objective, source = SynthesisObjective.from_config(CONFIG, infer_parts=true_parts), SceneSource(scenes, flip=True)
    for network in objective.networks.values():
        network.double().register_forward_pre_hook(to_float64, with_kwargs=True)
    runner, found = PhaseRunner(objective, Processes("cpu")), []
    for step in range(steps):
        draw = torch.Generator().manual_seed(step)
        batch = source.collate([source.item(i, draw) for i in (step % 4, (step + 1) % 4)], draw)
        with form():
            found += [value for phase in objective.phases(batch, draw) for value in runner.step(phase).values()]
    return found


def test_twenty_steps_have_the_losses_of_the_plain_form():
    fast, plain = losses(nullcontext), losses(plain_forms)
    assert len(fast) >= 20 * 5
    assert fast == pytest.approx(plain, rel=1e-4)
