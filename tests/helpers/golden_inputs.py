"""What a golden file of our own feeds its network: scenes with crop rows, part maps, images, all at random."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ipose.part_annotations import CROP_SIZE, PART_CHANNELS
from ipose.shapes import even_box


def part_maps(count: tuple[int, ...], parts: int) -> Tensor:
    """Part maps of patches, ids 0..parts: uint8 (*count, s, s)."""
    coarse = torch.randint(0, parts + 1, (*count, CROP_SIZE // 8, CROP_SIZE // 8)).flatten(0, -3)[:, None].float()
    maps = F.interpolate(coarse, size=(CROP_SIZE, CROP_SIZE), mode="nearest").to(torch.uint8)
    return maps.view(*count, CROP_SIZE, CROP_SIZE)


def scene_inputs(config: dict[str, Any], images: int, original: tuple[int, int], *, whole: bool) -> dict[str, Tensor]:
    """Instance map and crop rows of an object a category, which overlap; the last one touches the border.

    Args:
        config: of the set.
        images: how many.
        original: Ho and Wo of every row.
        whole: the map holds category * 1000 + id, and all ids are 0; else the id alone, counted from 1.
    """
    height, width = config["image_height"], config["image_width"]
    instance = torch.zeros(images, 1, height, width, dtype=torch.int32)
    numbers = [category * 1000 + (0 if whole else i) for i, category in enumerate(config["categories"], start=1)]
    for image in range(images):
        for i, number in enumerate(numbers):
            top, left = (height // 5) * i + 3 * image, (width // 5) * i
            box = instance[image, 0, top : top + height // 2 + i, left : left + width // 4 + 5 * i]
            box[:] = number if whole else number % 1000
        instance[image, 0, height - 7 :, width - 10 :] = numbers[-1] if whole else numbers[-1] % 1000
    rows = [[_row(plane[0], number, original, whole=whole) for number in numbers] for plane in instance]
    return {"in.instance": instance, "in.crop_params": torch.tensor(rows)}


def _row(instance: Tensor, number: int, original: tuple[int, int], *, whole: bool) -> list[int]:
    rows, cols = (instance == (number if whole else number % 1000)).nonzero(as_tuple=True)
    top, bottom, left, right = (int(end) for axis in (rows, cols) for end in axis.aminmax())
    box = even_box(top, bottom, left, right, image_size=(instance.shape[0], instance.shape[1]))
    assert box is not None, "too small an object"
    return [number, *box, *original]


def loss_inputs(config: dict[str, Any], images: int) -> dict[str, Tensor]:
    """Logits, labels, masks, scores, tokens and shapes."""
    classes, size = config["semantic_classes"], (config["image_height"] // 2, config["image_width"] // 2)
    names = ("logits", "logits_fake", "logits_mixed", "logits_real")
    inputs = {f"in.{name}": torch.randn(images, classes + 1, *size) for name in names}
    inputs["in.label"] = torch.randint(0, classes, (images, 1, *size), dtype=torch.uint8)
    inputs["in.mask"] = (torch.rand(images, 1, *size) > 0.5).float()
    inputs["in.score"] = 2 * torch.randn(images, 1, 2, 3)
    inputs |= {"in.tokens_fake": torch.randn(images, 6, 9), "in.tokens_real": torch.randn(images, 4, 9)}
    return {**inputs, "in.shapes_a": part_maps((3, 1), 1), "in.shapes_b": part_maps((2, 1), 1)}


def part_loss_inputs() -> dict[str, Tensor]:
    """Part logits and the true part map."""
    logits = torch.randn(2, PART_CHANNELS, CROP_SIZE, CROP_SIZE)
    return {"in.part_logits": logits, "in.part_map": part_maps((2,), PART_CHANNELS - 1)}


def random_statistics(network: nn.Module) -> None:
    """Running statistics of batch norms that a wrong use would show."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            assert module.running_mean is not None
            assert module.running_var is not None
            module.running_mean.normal_(0, 0.3)
            module.running_var.uniform_(0.5, 2)
