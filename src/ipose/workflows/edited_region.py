"""Where an edit was meant to change the image: where it changes what the generator is given."""

import torch
from jaxtyping import Bool
from torch import Tensor

from ipose.editing.edit import Edit
from ipose.editing.region import Seen, pixel_noise
from ipose.pipeline import IPose
from ipose.types import Scene, SceneBatch

_ROUNDING = 1e-3
"""Part logits that differ by less are the same: other objects in the batch round them otherwise."""


def edited_region(model: IPose, scene: Scene, edit: Edit, *, seed: int = 0) -> Bool[Tensor, "h w"]:
    """The pixels where label, instance, part logits or noise differ from those of the scene without the edit.

    So it fits any edit, a third party's too: the object whose texture is drawn anew, all objects of a category whose
    supports change, the old and the new place of an object that moves.

    Args:
        model: trained.
        scene: before the edit.
        edit: what is changed.
        seed: of the noise.
    Raises:
        ConfigError, SupportError: an edit that makes no sense in this scene.
    """
    draft = model.draft(scene, edit)
    plain = model.infer_parts(SceneBatch.from_scenes([scene]))
    parts = model.infer_parts(SceneBatch.from_scenes([draft.scene]), draft.supports)
    noise = pixel_noise(model.synthesis, scene.size, seed, scene.name)
    redrawn = edit.redraw(noise, Seen(draft, parts.part_map[0].cpu(), seed, model.synthesis))
    changed = (draft.scene.label != scene.label) | (draft.scene.instance != scene.instance)
    changed |= ((parts.logits - plain.logits).abs().amax((0, 1)) > _ROUNDING).cpu()
    changed |= (redrawn.z != noise.z).any(0)
    coarse = (redrawn.part_noise != noise.part_noise).any(0)
    changed |= torch.nn.functional.interpolate(coarse[None, None].float(), scene.size)[0, 0] > 0
    return changed
