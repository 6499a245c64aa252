"""PartNet as a program: shapes, supports and the category of each shape give part logits and features."""

import torch
from torch import Tensor

from ipose.part_annotations import CROP_SIZE, PART_CHANNELS
from ipose.partnet.every_channel import EveryChannelPartNet
from ipose.partnet.partnet import PartNet
from ipose.partnet.pretrained import TrainedPartNet
from ipose.systems.exporting import Exports, Program, Sizes, frozen


def exports(trained: TrainedPartNet) -> Exports:
    """The program, and the part names of each category of the supports."""
    about = {"parts": {name: list(trained.supports.part_names[name]) for name in trained.supports.categories}}
    return Exports([partnet_program(trained.partnet)], about)


def partnet_program(partnet: PartNet) -> Program:
    """PartNet for any number of objects, of categories, and of supports of each."""
    frame, features = f"{CROP_SIZE} {CROP_SIZE}", PART_CHANNELS * partnet.config.features
    network = frozen(partnet)
    assert isinstance(network, PartNet)
    return Program(
        "partnet",
        EveryChannelPartNet(network),
        axes={"objects": 1, "categories": 1, "supports": 1},
        inputs={
            "shapes": f"objects 1 {frame}",
            "supports": f"categories supports {frame}",
            "category": "objects",
        },
        outputs={"logits": f"objects {PART_CHANNELS} {frame}", "features": f"objects {features} {frame}"},
        example=_example,
    )


def _example(sizes: Sizes) -> tuple[Tensor, ...]:
    """Blocks as shapes and supports."""
    draw = torch.Generator().manual_seed(0)
    objects, categories = sizes["objects"], sizes["categories"]
    maps = torch.randint(0, PART_CHANNELS, (categories, sizes["supports"], 8, 8), generator=draw, dtype=torch.uint8)
    shapes = torch.randint(0, 2, (objects, 1, 8, 8), generator=draw).float()
    shapes, maps = (
        x.repeat_interleave(CROP_SIZE // 8, -1).repeat_interleave(CROP_SIZE // 8, -2) for x in (shapes, maps)
    )
    return shapes, maps, torch.arange(objects) % categories
