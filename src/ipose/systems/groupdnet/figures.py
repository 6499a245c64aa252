"""`ipose figures RUN` for a GroupDNet: one class resampled; mixture, manipulation, morphing (the paper's fig. 6)."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ipose.configs import config_from_plain
from ipose.data.data_config import DataConfig
from ipose.data.open_data import open_scenes
from ipose.editing.code_edits import MixAppearance, Morph, ResampleClass, paint_edited
from ipose.editing.edit import Edits
from ipose.editing.layout_edits import EditLabel
from ipose.errors import ConfigError, DataError
from ipose.groupdnet.model import GroupDNet
from ipose.systems.groupdnet.sheets import Images, image_sheet
from ipose.systems.scene_models import spread
from ipose.training.run import Run
from ipose.types import Scene
from ipose.whole_files import save_whole

MORPH_STEPS = (-0.5, 0.0, 0.25, 0.5, 0.75, 1.0, 1.5)
"""Places on the line between two codes. The first and the last lie beyond its ends."""
LEAST_SHARE = 0.01
"""A class is shown if it covers at least this share of the image."""


def draw(folder: Path, out: Path | None = None, *, scenes: int = 4, seed: int = 0, **networks: Any) -> list[str]:
    """Write the figures of a run's model for its validation scenes.

    Args:
        folder: a GroupDNet run.
        out: folder to write to. None = figures/ in the run.
        scenes: number of scenes.
        seed: of the new codes.
        networks: options for eval cards, which these figures do not have. All must be None.
    Returns:
        lines to print: the files.
    Raises:
        RunError: no run, or no model in it yet.
        DataError: fewer than two validation scenes with photographs.
        ConfigError: fewer than two scenes, or an option for eval cards.
    """
    for name, value in networks.items():
        if value is not None:
            raise ConfigError("a GroupDNet's figures have no eval cards", field=name, found=value)
    run, model = Run.open(folder), GroupDNet.from_pretrained(folder)
    data = config_from_plain(DataConfig, run.info["config"]["data"])
    val = open_scenes(data, "val", (model.config.height, model.config.width))
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
