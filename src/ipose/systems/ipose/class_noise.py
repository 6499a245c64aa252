"""Noise of one class in an iPOSE, for mCSD and mOCD: z at the pixels of the class."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ipose.editing.contexts import NoiseContext, PixelNoise
from ipose.editing.edit import Edit
from ipose.evaluation.class_diversity import ClassSampler
from ipose.pipeline import IPose
from ipose.training.run import Run
from ipose.types import Scene


def class_noise(run: Run, device: str) -> tuple[ClassSampler, tuple[int, int]]:
    """The run's model with its class noise, and the (height, width) it was trained at."""
    model = IPose.from_pretrained(run.folder).to(device)
    return ipose_sampler(model), (model.synthesis.height, model.synthesis.width)


def ipose_sampler(model: IPose) -> ClassSampler:
    """Images with new noise z at the pixels of one class."""

    def sample(scene: Scene, class_id: int | None, number: int) -> Float[Tensor, "3 h w"]:
        return model(scene, seed=0, edit=_ResamplePixels(class_id, number + 1)).image

    return sample


@dataclass(frozen=True)
class _ResamplePixels(Edit):
    """New noise z at the pixels of a class, or everywhere."""

    class_id: int | None
    seed: int

    def redraw(self, noise: PixelNoise, context: NoiseContext) -> PixelNoise:
        """The noise with new z where the class is."""
        label = context.draft.scene.label
        region = torch.ones_like(label, dtype=torch.bool) if self.class_id is None else label == self.class_id
        return noise._replace(z=torch.where(region, context.noise(self.seed).z, noise.z))
