"""What `IPose` answers."""

from dataclasses import dataclass

from jaxtyping import Float, UInt8
from torch import Tensor

from ipose.editing.edit import Edit
from ipose.images import image_uint8


@dataclass(frozen=True, eq=False)
class SceneOutput:
    """What `IPose` answers for one scene.

    Args:
        image: float32 (3, H, W) in [-1, 1].
        parts: uint8 (H, W), part of each pixel, 0 = none: what PartNet predicts; the scene's own part map where the
            model was trained on true parts; 0 everywhere where it knows of none.
        part_logits: float32 (9, H, W), composed part logits; of true parts the one-hot map, of no parts 0.
        edit: what was changed for it; `edit.record()` says it in words and numbers. None = nothing.
    """

    image: Float[Tensor, "3 h w"]
    parts: UInt8[Tensor, "h w"]
    part_logits: Float[Tensor, "q h w"]
    edit: Edit | None = None

    def image_uint8(self) -> UInt8[Tensor, "3 h w"]:
        """The image in 0..255."""
        return image_uint8(self.image)
