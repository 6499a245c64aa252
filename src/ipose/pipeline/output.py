"""What `IPose` answers: an image with its parts, and where PartNet looked for the parts of one object."""

from dataclasses import dataclass

from jaxtyping import Float, UInt8
from torch import Tensor

from ipose.editing.edit import Edit
from ipose.errors import ConfigError
from ipose.images import image_uint8
from ipose.part_annotations import SupportSet
from ipose.partnet.attention import SupportAttention, support_attention
from ipose.partnet.partnet import PartNet
from ipose.partnet.scene_parts import SceneParts
from ipose.types import Scene


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


def attention_of(
    partnet: PartNet, supports: SupportSet, scene: Scene, parts: SceneParts, number: int
) -> SupportAttention:
    """The attention of one object, computed once more. `parts`: of this scene alone. `number`: in `scene.objects`.

    Raises:
        ConfigError: no such object, or its class has no parts.
    """
    with_parts = [i for i, item in enumerate(scene.objects) if item.part_category is not None]
    if number not in with_parts:
        expected = ", ".join(map(str, with_parts)) or "a scene that has some"
        raise ConfigError("no object with parts has this number", field="number", found=number, expected=expected)
    item, shapes = scene.objects[number], parts.shapes
    read = [(each.class_id, each.instance_id) for each in parts.objects]
    if shapes is None or (item.class_id, item.instance_id) not in read:
        mend = "Name the object that most of its pixels are of."
        raise ConfigError("this object is a part of another one of the same instance id", found=number, mend=mend)
    at = read.index((item.class_id, item.instance_id))
    maps = supports.of([str(scene.objects[number].part_category)]).to(shapes.device)
    return support_attention(partnet, shapes[at : at + 1], maps)[0]
