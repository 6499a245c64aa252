"""Parts of scenes that come again and again: a frozen PartNet answers each scene once (small data, no mirroring)."""

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from ipose.partnet.scene_parts import SceneParts
from ipose.types import SceneBatch


class RememberedParts:
    """`infer_parts` with a memory by scene name, on the CPU.

    Right only where a name stands for one scene: without mirroring or other augmentation. Remembers features or
    logits, whichever the generator reads; the other comes back as zeros of one channel.

    Args:
        infer: parts of a batch.
        part_input: "features" or "logits".
    """

    def __init__(self, infer: Callable[[SceneBatch], SceneParts], part_input: str) -> None:
        self.infer, self.part_input = infer, part_input
        self._memory: dict[str, tuple[Tensor, Tensor]] = {}

    def __call__(self, batch: SceneBatch) -> SceneParts:
        """The parts of the batch; asks `infer` for scenes that are new."""
        memory = self._memory
        new = [i for i, name in enumerate(batch.names) if name not in memory]
        if new:
            parts = self.infer(_some(batch, new))
            chosen = parts.features if self.part_input == "features" else parts.logits
            for position, i in enumerate(new):
                memory[batch.names[i]] = chosen[position].cpu(), parts.mask[position].cpu()
        kept = [memory[name] for name in batch.names]
        device = batch.label.device
        values, mask = (torch.stack([row[column] for row in kept]).to(device) for column in (0, 1))
        other = mask.new_zeros(mask.shape)
        features, logits = (values, other) if self.part_input == "features" else (other, values)
        return SceneParts(features, logits, mask)


def _some(batch: SceneBatch, chosen: list[int]) -> SceneBatch:
    """The images of a batch that `chosen` names, with their objects."""
    index = torch.tensor(chosen)
    kept = [n for n, image in enumerate(batch.image_index.tolist()) if image in chosen]
    images = [chosen.index(int(batch.image_index[n])) for n in kept]
    return replace(
        batch,
        names=tuple(batch.names[i] for i in chosen),
        image=None if batch.image is None else batch.image[index],
        label=batch.label[index],
        instance=batch.instance[index],
        objects=tuple(batch.objects[n] for n in kept),
        image_index=torch.tensor(images, dtype=torch.int64, device=batch.image_index.device),
        part=None if batch.part is None else batch.part[index],
    )
