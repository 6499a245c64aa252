"""iPOSE as programs: the generator, PartNet, and the whole way from label and instance map to image."""

import torch
from torch import Tensor, nn

from ipose.errors import ConfigError
from ipose.part_annotations import CROP_SIZE, PART_CHANNELS
from ipose.partnet.every_channel import EveryChannelPartNet
from ipose.partnet.partnet import PartNet
from ipose.partnet.pretrained import TrainedPartNet
from ipose.pipeline import IPose
from ipose.pipeline.program import SceneProgram
from ipose.synthesis.generator import Generator
from ipose.synthesis.presets import SynthesisConfig
from ipose.systems.exporting import Exports, Program, Sizes, frozen


class GeneratorProgram(nn.Module):
    """The generator, called without keywords, in its dense form: the neighbourhoods of a map depend on the data."""

    def __init__(self, generator: Generator) -> None:
        super().__init__()
        generator.map_form = "dense"
        self.generator = generator

    def forward(self, label: Tensor, parts: Tensor, mask: Tensor, z: Tensor, part_noise: Tensor) -> Tensor:
        """Images in [-1, 1]."""
        image: Tensor = self.generator(label, parts, mask, z=z, part_noise=part_noise)
        return image


def exports(model: IPose) -> Exports:
    """The programs of a model, and what its class ids mean."""
    generator = frozen(model.generator)
    assert isinstance(generator, Generator)
    partnet = None if model.partnet is None else frozen(model.partnet)
    assert partnet is None or isinstance(partnet, PartNet)
    programs, left_out = [_generator(GeneratorProgram(generator))], list[str]()
    config = generator.config
    about: dict[str, object] = {
        "classes": [item.name for item in model.spec.classes],
        "noise": {
            "z": config.z_channels,
            "part_noise": config.part_noise_channels,
            "part_noise_is_smaller_by": config.size_multiple,
        },
    }
    if partnet is not None:
        programs.append(partnet_program(partnet))
    try:
        scene = SceneProgram(IPose(generator, partnet, model.supports, model.spec))
    except ConfigError as error:
        left_out.append(f"No scene_to_image: {error} The generator takes the parts from you.")
    else:
        programs.append(_scene_to_image(scene))
        about["classes_with_parts"] = scene.classes_with_parts
    return Exports(programs, about, left_out)


def _axes(config: SynthesisConfig) -> dict[str, int]:
    return {"batch": 1, "height": config.size_multiple, "width": config.size_multiple}


def _noise_shapes(config: SynthesisConfig) -> dict[str, str]:
    m = config.size_multiple
    return {"z": f"batch {config.z_channels}", "part_noise": f"batch {config.part_noise_channels} height/{m} width/{m}"}


def _noise(config: SynthesisConfig, sizes: Sizes, draw: torch.Generator) -> tuple[Tensor, Tensor]:
    start = (sizes["height"] // config.size_multiple, sizes["width"] // config.size_multiple)
    z = torch.randn(sizes["batch"], config.z_channels, generator=draw)
    return z, torch.randn(sizes["batch"], config.part_noise_channels, *start, generator=draw)


def _generator(program: GeneratorProgram) -> Program:
    config = program.generator.config

    def example(sizes: Sizes) -> tuple[Tensor, ...]:
        draw = torch.Generator().manual_seed(0)
        b, *size = (sizes[axis] for axis in ("batch", "height", "width"))
        label = torch.randint(0, config.num_classes, (b, *size), generator=draw)
        parts = torch.randn(b, config.part_input_channels, *size, generator=draw)
        mask = torch.randint(0, 2, (b, 1, *size), generator=draw).float()
        return label, parts * mask, mask, *_noise(config, sizes, draw)

    shapes = {"label": "batch height width", "parts": f"batch {config.part_input_channels} height width"}
    return Program(
        "generator",
        program,
        axes=_axes(config),
        inputs={**shapes, "mask": "batch 1 height width", **_noise_shapes(config)},
        outputs={"image": "batch 3 height width"},
        example=example,
    )


def _scene_to_image(program: SceneProgram) -> Program:
    config, with_parts = program.config, program.classes_with_parts

    def example(sizes: Sizes) -> tuple[Tensor, ...]:
        """Scenes with a rectangle for each object, one below the other."""
        draw = torch.Generator().manual_seed(0)
        b, n, h, w = (sizes[axis] for axis in ("batch", "objects", "height", "width"))
        label = torch.randint(0, config.num_classes, (b, h, 1), generator=draw).repeat(1, 1, w)
        instance, objects = torch.zeros_like(label), []
        for number in range(n):
            image, class_id = number % b, with_parts[number % len(with_parts)]
            rows = slice(number * h // (n + 1), number * h // (n + 1) + h // 2)
            label[image, rows, w // 4 :], instance[image, rows, w // 4 :] = class_id, number + 1
            objects.append((image, class_id, number + 1))
        photo_size = torch.tensor([(480, 640)]).repeat(b, 1)
        return label, instance, torch.tensor(objects), photo_size, *_noise(config, sizes, draw)

    maps = {"label": "batch height width", "instance": "batch height width"}
    return Program(
        "scene_to_image",
        program,
        axes={**_axes(config), "objects": 1},
        inputs={**maps, "objects": "objects 3", "photo_size": "batch 2", **_noise_shapes(config)},
        outputs={"image": "batch 3 height width", "part_map": "batch height width"},
        example=example,
    )


def partnet_exports(trained: TrainedPartNet) -> Exports:
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
        inputs={"shapes": f"objects 1 {frame}", "supports": f"categories supports {frame}", "category": "objects"},
        outputs={"logits": f"objects {PART_CHANNELS} {frame}", "features": f"objects {features} {frame}"},
        example=_silhouettes,
    )


def _silhouettes(sizes: Sizes) -> tuple[Tensor, ...]:
    """Blocks as shapes and supports."""
    draw = torch.Generator().manual_seed(0)
    objects, categories = sizes["objects"], sizes["categories"]
    maps = torch.randint(0, PART_CHANNELS, (categories, sizes["supports"], 8, 8), generator=draw, dtype=torch.uint8)
    shapes = torch.randint(0, 2, (objects, 1, 8, 8), generator=draw).float()
    shapes, maps = (
        x.repeat_interleave(CROP_SIZE // 8, -1).repeat_interleave(CROP_SIZE // 8, -2) for x in (shapes, maps)
    )
    return shapes, maps, torch.arange(objects) % categories
