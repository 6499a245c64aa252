"""Images of a GroupDNet: of label maps for `ipose generate`, on sheets, on its run's page, and of `ipose figures`."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from ipose.data.data_config import DataConfig
from ipose.data.open_data import open_scenes
from ipose.editing.code_edits import MixAppearance, Morph, ResampleClass, paint_edited
from ipose.editing.edit import Edits
from ipose.editing.layout_edits import EditLabel
from ipose.errors import ConfigError, DataError
from ipose.groupdnet.codes import with_class_code
from ipose.groupdnet.model import GroupDNet
from ipose.groupdnet.presets import GroupDNetConfig
from ipose.label_spec import LabelSpec
from ipose.reports.contact_sheet import Tile, TileRow, contact_sheet
from ipose.reports.figures import label_picture, photo
from ipose.reports.page import Figure, Section
from ipose.reports.sheets import class_legend
from ipose.systems.generating import Request
from ipose.systems.judging import data_of
from ipose.systems.reporting import RunPage, config_of, settings_section, with_data
from ipose.systems.scene_models import SEEDS, SHOWN_SCENES, images_of_maps, spread
from ipose.training.run import Run
from ipose.types import Scene
from ipose.whole_files import save_whole

Images = Mapping[str, Tensor]
"""Images in [-1, 1] by caption."""

MORPH_STEPS = (-0.5, 0.0, 0.25, 0.5, 0.75, 1.0, 1.5)
"""Places on the line between two codes. The first and the last lie beyond its ends."""
LEAST_SHARE = 0.01
"""A class is shown if it covers at least this share of the image."""


def samples(model: GroupDNet, scene: Scene) -> dict[str, Tensor]:
    """Images of one scene: the reconstruction of its photograph, one sample for each seed, and one class with a new
    code."""
    images: dict[str, Tensor] = {}
    base = model.draw([scene], seed=SEEDS[0])
    if scene.image is not None:
        base = model.encode([scene]).mean
        images["reconstruction"] = model.paint([scene], base)[0]
    for seed in SEEDS:
        images[f"seed {seed}"] = model(scene, seed=seed)
    if model.config.code != "vector":
        number = _second_largest(scene)
        other = with_class_code(base, number, model.draw([scene], seed=SEEDS[-1]), model.config.num_classes)
        images[f"{model.spec.classes[number].name} anew"] = model.paint([scene], other)[0]
    return images


def image_row(scene: Scene, images: Images, spec: LabelSpec) -> TileRow:
    """A row: label map, images, and the photograph if there is one."""
    tiles = [Tile(label_picture(scene.label, spec), "label map")]
    tiles += [Tile(photo(image), caption) for caption, image in images.items()]
    if scene.image is not None:
        tiles.append(Tile(photo(scene.image), "photograph"))
    return TileRow(tiles, heading=scene.name)


def image_sheet(rows: Sequence[tuple[Scene, Images]], spec: LabelSpec, title: str = "") -> Image.Image:
    """A sheet with one row for each scene, and a legend of the label maps' colours."""
    lines = [image_row(scene, images, spec) for scene, images in rows]
    legend = TileRow((), heading="classes", legend=class_legend([scene for scene, _ in rows], spec))
    return contact_sheet([*lines, legend], title)


def sample_sheet(model: GroupDNet, scenes: Sequence[Scene], title: str = "") -> Image.Image:
    """A sheet of `samples`."""
    return image_sheet([(scene, samples(model, scene)) for scene in scenes], model.spec, title)


def _second_largest(scene: Scene) -> int:
    """The class with the second-most pixels, which is rarely the background; or the only class."""
    counts = torch.bincount(scene.label.flatten())
    return int(counts.argsort(descending=True)[min(1, int((counts > 0).sum()) - 1)])


def make(model: GroupDNet, request: Request) -> Iterator[Path]:
    """Images of every map: `<name>_seed<seed>.png`, and one `<name>_sheet.png` each.

    With `resample` only the codes of these classes change from image to image, the others keep those of the first.

    Raises:
        DataError: a map that cannot be read, or is of another spec.
        ConfigError: no such class, or a model without a code a class.
    """
    classes: tuple[str, ...] = request.options.resample

    def painted(scene: Scene) -> Iterator[Tensor]:
        for seed in request.seeds:
            edit = ResampleClass(tuple(classes), seed=seed) if classes else Edits()
            yield paint_edited(model, scene, edit, seed=request.seed if classes else seed)

    def sheet_of(scene: Scene, images: Images) -> Image.Image:
        return image_sheet([(scene, images)], model.spec)

    yield from images_of_maps(request, model.spec, model.size, painted, sheet_of)


def page(run: Run) -> RunPage:
    """Reconstructions, new codes for all classes, a new code for one."""
    model = GroupDNet.from_pretrained(run.model)
    sections = with_data(lambda: [_gallery(model, open_scenes(config_of(run, "data", DataConfig), "val", model.size))])
    return RunPage(sections, settings_section(model.config, GroupDNetConfig(), title="Settings beside DeepFashion's"))


def _gallery(model: GroupDNet, val: Sequence[Scene]) -> Section:
    shown = spread(val, SHOWN_SCENES)
    rows = [image_row(scene, samples(model, scene), model.spec) for scene in shown]
    legends = {"classes": class_legend(shown, model.spec)}
    return Section(
        "Validation scenes",
        "The photograph from its own codes; new codes for all classes, twice; a new code for one class.",
        [Figure(row.tiles, title=row.heading, legends=legends) for row in rows],
    )


def draw(folder: Path, out: Path | None = None, *, scenes: int = 4, seed: int = 0, **networks: Any) -> list[str]:
    """Write the figures of a run's model for its validation scenes into `out`; None = figures/ in the run. `networks`:
    options for eval cards, which these figures do not have.

    Raises:
        RunError: no run, or no model in it yet.
        DataError: fewer than two validation scenes with photographs.
        ConfigError: fewer than two scenes, or an option for eval cards.
    """
    for name, value in networks.items():
        if value is not None:
            raise ConfigError("a GroupDNet's figures have no eval cards", field=name, found=value)
    run, model = Run.open(folder), GroupDNet.from_pretrained(folder)
    data = data_of(run)
    val = open_scenes(data, "val", model.size)
    if scenes < 2:
        message = "the figures take looks from one photograph to another"
        raise ConfigError(message, field="scenes", found=scenes, expected="2 or more")
    shown = spread(val, scenes)
    if len(shown) < 2 or any(scene.image is None for scene in shown):
        raise DataError("figures mix photographs of two scenes", file=data.data, expected="two or more photographs")
    out = run.folder / "figures" if out is None else out
    out.mkdir(parents=True, exist_ok=True)
    sheets = {"appearance-mixture": _mixture, "semantic-manipulation": _manipulation, "style-morphing": _morphing}
    if model.config.code != "vector":
        sheets = {"one-class": _one_class, **sheets}
    files = []
    for name, rows in sheets.items():
        files.append(out / f"{name}.png")
        save_whole(image_sheet(rows(model, shown, seed), model.spec, name.replace("-", " ")), files[-1])
    return [str(file) for file in files]


Rows = Sequence[tuple[Scene, Images]]


def _one_class(model: GroupDNet, scenes: Sequence[Scene], seed: int) -> Rows:
    """The photograph's own codes, then a new code for each class of the scene."""
    rows = []
    for scene in scenes:
        code = model.encode([scene]).mean
        images = {"own codes": model.paint([scene], code)[0]}
        for name in _classes(model, scene):
            edit = ResampleClass((name,), seed=seed)
            images[f"{name} anew"] = paint_edited(model, scene, edit, code=code)
        rows.append((scene, images))
    return rows


def _mixture(model: GroupDNet, scenes: Sequence[Scene], seed: int) -> Rows:
    """Each class of a scene with its look from another scene, then all of them together."""
    rows = []
    for number, scene in enumerate(scenes):
        code, images, all_edits = model.encode([scene]).mean, dict[str, Tensor](), Edits()
        others = [other for i, other in enumerate(scenes) if i != number]
        for turn, name in enumerate(_classes(model, scene) if model.config.code != "vector" else ["all"]):
            source = others[turn % len(others)]
            if name != "all" and name not in _classes(model, source):
                continue
            edit = MixAppearance(source, (name,) if name != "all" else ())
            all_edits = all_edits + edit
            images[f"{name} of {source.name}"] = paint_edited(model, scene, edit, code=code)
        images["all of these"] = paint_edited(model, scene, all_edits, code=code)
        rows.append((scene, images))
    return rows


def _manipulation(model: GroupDNet, scenes: Sequence[Scene], seed: int) -> Rows:
    """One class of the label map becomes another class of the scene. The codes stay the same."""
    rows = []
    for scene in scenes:
        code, names = model.encode([scene]).mean, _classes(model, scene)
        images = {"own codes": model.paint([scene], code)[0]}
        for name, becomes in pairwise(names[1:]):
            number = [item.name for item in model.spec.classes].index(name)
            edit = EditLabel(scene.label == number, becomes)
            images[f"{name} is {becomes}"] = paint_edited(model, scene, edit, code=code)
        rows.append((scene, images))
    return rows


def _morphing(model: GroupDNet, scenes: Sequence[Scene], seed: int) -> Rows:
    """Codes on the line from each photograph's codes to the next one's, and beyond both ends."""
    rows = []
    for scene, other in zip(scenes, [*scenes[1:], scenes[0]], strict=True):
        code = model.encode([scene]).mean
        images = {f"t = {t:g}": paint_edited(model, scene, Morph(t, to=other), code=code) for t in MORPH_STEPS}
        rows.append((scene, images))
    return rows


def _classes(model: GroupDNet, scene: Scene) -> list[str]:
    """Names of the classes that cover enough of a scene, in class order."""
    counts = torch.bincount(scene.label.flatten(), minlength=model.spec.num_classes)
    return [
        item.name
        for item, count in zip(model.spec.classes, counts, strict=True)
        if count >= LEAST_SHARE * scene.label.numel()
    ]
