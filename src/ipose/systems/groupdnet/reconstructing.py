"""Reconstructions of a GroupDNet: photographs from the means of their own codes."""

from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor

from ipose.evaluation.reconstruction import Reconstruct
from ipose.groupdnet.model import GroupDNet
from ipose.training.run import Run
from ipose.types import Scene


def coder(run: Run, device: str) -> tuple[Reconstruct, tuple[int, int]]:
    """The run's model as encoder and decoder, and the (height, width) it was trained at."""
    model = GroupDNet.from_pretrained(run.folder).to(device)

    def reconstruct(scenes: Sequence[Scene]) -> Float[Tensor, "b 3 h w"]:
        return model.paint(scenes, model.encode(scenes).mean)

    return reconstruct, model.size
