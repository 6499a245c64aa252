"""`ipose parts`: parts from PartNet, for drawn silhouettes or label maps."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor

from ipose.data.file_lists import name_of
from ipose.data.input_maps import find_maps, read_map, read_silhouette
from ipose.data.palette import PART_COLORS
from ipose.data.part_pairs import to_object_frame
from ipose.data.png import write_index
from ipose.data.specs import DATASET_FILE, load_spec
from ipose.data.support_folder import load_supports
from ipose.errors import ConfigError, SupportError
from ipose.label_spec import LabelSpec
from ipose.model_folder import SPEC, open_model
from ipose.part_annotations import SupportSet
from ipose.partnet.attention import support_attention
from ipose.partnet.pretrained import TrainedPartNet, load_partnet, without_supports
from ipose.partnet.scene_parts import infer_scene_parts, predict_part_maps
from ipose.reports.figures import part_overlay
from ipose.reports.part_blocks import attention_sheet
from ipose.reports.sheets import parts_sheet
from ipose.types import Scene, SceneBatch
from ipose.whole_files import save_whole

ATTENTION = "_attention"
"""End of the name of a file's attention sheet."""

GREY = 0.35
"""Brightness of a label map under its parts."""


@dataclass(frozen=True, eq=False)
class PartReader:
    """A PartNet with its supports.

    Args:
        spec: what the ids of label maps mean. None = unknown.
        rules: `paste` and `object_shape` of the generator that the PartNet belongs to; {} = the defaults.
    """

    trained: TrainedPartNet
    supports: SupportSet
    spec: LabelSpec | None
    device: str = "cpu"
    rules: Mapping[str, Any] = field(default_factory=dict)


def part_reader(
    model: Path, supports: Path | None, spec: str | None, *, inputs: Path | None = None, device: str = "cpu"
) -> PartReader:
    """Load a PartNet, supports and spec. None = the model's own supports; the spec of the data set that holds the
    inputs, or else the model's own. A thing of a support category's name has its parts, as in training."""
    saved = open_model(model)
    trained = load_partnet(saved)
    trained.partnet.to(device)
    spec = spec or _spec_beside(inputs)
    known = load_spec(spec) if spec is not None else saved.spec() if saved.has(SPEC) else None
    read = trained.supports if supports is None else load_supports(supports)
    if not read.categories:
        raise without_supports(model)
    known = None if known is None else known.with_parts(read.categories)
    return PartReader(trained, read, known, device, _rules(saved.config))


def _spec_beside(inputs: Path | None) -> str | None:
    """The dataset.toml of the scene folder that some maps lie in."""
    if inputs is None:
        return None
    files = [folder / DATASET_FILE for folder in (inputs, *list(inputs.absolute().parents)[:2])]
    return next((str(file) for file in files if file.is_file()), None)


def _rules(config: Mapping[str, Any]) -> dict[str, Any]:
    """How the generator of a model folder, if it has one, reads parts of scenes."""
    settings = next((item for item in config.values() if isinstance(item, Mapping) and "object_shape" in item), {})
    return {name: settings[name] for name in ("paste", "object_shape") if name in settings}


def write_parts(
    reader: PartReader,
    inputs: Path,
    out: Path,
    *,
    category: str | None = None,
    instances: Path | None = None,
    attention: bool = False,
) -> Iterator[Path]:
    """Write part maps (index PNGs) and overlays for everything in `inputs`. With `attention` also what the parts of
    each object read in the supports.

    Args:
        category: category of the silhouettes. None = the inputs are label maps, unless the supports have only one
            category.
    Raises:
        ConfigError: label maps without a spec.
        SupportError: no supports of the category.
    """
    files = {name_of(file, inputs): file for file in find_maps(inputs, out=out)}
    if category is None and reader.spec is None and len(reader.supports.categories) == 1:
        category = reader.supports.categories[0]
    if category is not None:
        yield from _of_silhouettes(reader, files, out, category, attention)
        return
    if reader.spec is None:
        known = ", ".join(reader.supports.categories)
        mend = f"Say --category NAME for silhouettes (one of {known}), or --spec NAME for label maps."
        raise ConfigError("these could be silhouettes or label maps", file=inputs, mend=mend)
    found = False
    for file in files.values():
        scene = read_map(file, reader.spec, root=inputs, instances=instances)
        found = found or any(item.part_category is not None for item in scene.objects)
        yield from _of_map(reader, scene, out, reader.spec, attention)
    if not found:
        drawn, classes = ", ".join(reader.supports.categories), ", ".join(item.name for item in reader.spec.classes)
        print(
            f"No object of these maps has parts. Their ids were read as the classes {classes}; the supports are of "
            f"{drawn}. Name the dataset.toml of the maps (--spec); in it, classes with parts need a part_category.",
            file=sys.stderr,
        )


def _of_silhouettes(
    reader: PartReader, files: Mapping[str, Path], out: Path, category: str, attention: bool
) -> list[Path]:
    if category not in reader.supports.categories:
        known, mend = ", ".join(reader.supports.categories), "Draw some and name their folder with --supports."
        raise SupportError(f"no supports for part category {category!r}", expected=known, mend=mend)
    canvases = [read_silhouette(file) for file in files.values()]
    shapes = torch.stack([to_object_frame(canvas, canvas.to(torch.uint8))[0] for canvas in canvases])
    predicted = predict_part_maps(
        reader.trained.partnet, shapes[:, None].float().to(reader.device), [category] * len(shapes), reader.supports
    )
    parts = predicted.cpu() * shapes.to(torch.uint8)
    out.mkdir(parents=True, exist_ok=True)
    written = []
    for name, part in zip(files, parts, strict=True):
        written.append(out / f"{name}_part.png")
        write_index(written[-1], part, colors=PART_COLORS)
    sheet = out / "sheet.png"
    save_whole(
        parts_sheet(shapes, parts, None, list(files), reader.supports.part_names[category], title=category), sheet
    )
    if attention:
        for name, shape in zip(files, shapes, strict=True):
            path = out / f"{name}{ATTENTION}.png"
            written.append(_draw_attention(reader, path, shape[None, None].float(), [category], [category]))
    return [*written, sheet]


def _draw_attention(
    reader: PartReader, path: Path, shapes: Float[Tensor, "n 1 s s"], categories: Sequence[str], names: Sequence[str]
) -> Path:
    """Write a sheet of what the parts of some objects read in the supports."""
    maps = reader.supports.of(list(categories)).to(reader.device)
    found = support_attention(reader.trained.partnet, shapes.to(reader.device), maps)
    part_names = [reader.supports.part_names[category] for category in categories]
    title = f"{path.stem.removesuffix(ATTENTION)}: what each part read in the supports"
    save_whole(attention_sheet(list(zip(names, found, part_names, strict=True)), title=title), path)
    return path


def _of_map(reader: PartReader, scene: Scene, out: Path, spec: LabelSpec, attention: bool) -> list[Path]:
    with torch.no_grad():
        batch = SceneBatch.from_scenes([scene]).to(reader.device)
        inferred = infer_scene_parts(reader.trained.partnet, batch, reader.supports, **reader.rules)
    part = inferred.part_map[0].cpu()
    out.mkdir(parents=True, exist_ok=True)
    paths = [out / f"{scene.name}_part.png", out / f"{scene.name}_overlay.png"]
    write_index(paths[0], part, colors=PART_COLORS)
    save_whole(part_overlay(_dim(scene.label, spec), part, opacity=0.8), paths[1])
    if attention and inferred.shapes is not None:
        categories = [str(item.part_category) for item in inferred.objects]
        places = {(item.class_id, item.instance_id): i for i, item in enumerate(scene.objects)}
        numbers = [places[item.class_id, item.instance_id] for item in inferred.objects]
        names = [f"{i} {category}" for i, category in zip(numbers, categories, strict=True)]
        path = out / f"{scene.name}{ATTENTION}.png"
        paths.append(_draw_attention(reader, path, inferred.shapes, categories, names))
    return paths


def _dim(label: Tensor, spec: LabelSpec) -> Image.Image:
    """The label map in dark colours, so that parts stand out."""
    colors = torch.tensor([item.color for item in spec.classes], dtype=torch.float32)[label]
    return Image.fromarray((colors * GREY).to(torch.uint8).numpy())
