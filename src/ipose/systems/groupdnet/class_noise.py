"""Noise of one class in a GroupDNet, for mCSD and mOCD: the code of the class."""

from jaxtyping import Float
from torch import Tensor

from ipose.editing.code_edits import ResampleClass, paint_edited
from ipose.evaluation.class_diversity import ClassSampler
from ipose.groupdnet.model import GroupDNet
from ipose.training.run import Run
from ipose.types import Scene


def class_noise(run: Run, device: str) -> tuple[ClassSampler, tuple[int, int]]:
    """The run's model with its class noise, and the (height, width) it was trained at."""
    model = GroupDNet.from_pretrained(run.folder).to(device)
    return groupdnet_sampler(model), (model.config.height, model.config.width)


def groupdnet_sampler(model: GroupDNet) -> ClassSampler:
    """Images with a new code for one class. A model with one code for all classes (VSPADE) gets a new code."""

    def sample(scene: Scene, class_id: int | None, number: int) -> Float[Tensor, "3 h w"]:
        alone = class_id is not None and model.config.code != "vector"
        classes = (model.spec.classes[class_id].name,) if alone and class_id is not None else ()
        return paint_edited(model, scene, ResampleClass(classes, seed=number + 1), seed=0)

    return sample
