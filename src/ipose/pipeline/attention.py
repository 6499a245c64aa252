"""Where PartNet looked for the parts of one object of a scene."""

from ipose.errors import ConfigError
from ipose.part_annotations import SupportSet
from ipose.partnet.attention import SupportAttention, support_attention
from ipose.partnet.partnet import PartNet
from ipose.partnet.scene_parts import SceneParts
from ipose.types import Scene


def attention_of(
    partnet: PartNet, supports: SupportSet, scene: Scene, parts: SceneParts, number: int
) -> SupportAttention:
    """The attention of one object, computed once more.

    Args:
        partnet: in eval mode.
        supports: of the object's part category.
        scene: with the object.
        parts: of this scene alone, as `partnet` inferred them.
        number: of the object in `scene.objects`.
    Raises:
        ConfigError: no such object, or its class has no parts.
    """
    with_parts = [i for i, item in enumerate(scene.objects) if item.part_category is not None]
    if number not in with_parts:
        raise ConfigError(
            "no object with parts has this number",
            field="number",
            found=number,
            expected=", ".join(map(str, with_parts)) or "a scene that has some",
        )
    item, shapes = scene.objects[number], parts.shapes
    read = [(each.class_id, each.instance_id) for each in parts.objects]
    if shapes is None or (item.class_id, item.instance_id) not in read:
        mend = "Name the object that most of its pixels are of."
        raise ConfigError("this object is a part of another one of the same instance id", found=number, mend=mend)
    at = read.index((item.class_id, item.instance_id))
    maps = supports.of([str(scene.objects[number].part_category)]).to(shapes.device)
    return support_attention(partnet, shapes[at : at + 1], maps)[0]
