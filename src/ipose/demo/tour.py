"""`ipose demo`: a page that shows, step by step, what the bundled model does. No training, no network."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch

from ipose.data.data_config import DataConfig
from ipose.data.open_data import open_scenes
from ipose.data.part_pairs import pairs_from_scenes
from ipose.demo import check_new
from ipose.editing.support_edits import EditSupports
from ipose.pipeline import IPose
from ipose.reports.blocks import environment_facts, supports_figure
from ipose.reports.contact_sheet import Tile
from ipose.reports.edit_sheet import difference_picture
from ipose.reports.figures import part_picture, photo
from ipose.reports.page import Code, Figure, ReportContent, Section, write_report
from ipose.reports.sheets import part_legend
from ipose.systems.ipose.page import scene_section
from ipose.types import Scene

MODEL = "partworld"
NOVEL = "cat"
"""A category whose part maps the bundled PartNet was not trained on."""

EDITED, DROPPED = "car", "wheel"

NEXT = """ipose partworld --out my-world --scenes 4 --val-scenes 4 --size 96 96 --categories car dog human
ipose generate my-world/val_label --instances my-world/val_inst --model partworld --count 4 --out images
ipose edit my-world/val_label/val_0_000000.png --instances my-world/val_inst --model partworld
ipose demo --train        # the same system from random weights, in minutes
ipose --help"""

_TEXTS = {
    "images": "The label map says which class each pixel is of; the instance map tells objects of a class apart. "
    "PartNet infers each object's parts from its silhouette alone, and the generator paints them. The two seeds differ "
    "only in noise. The model never saw these scenes.",
    "edit": "PartNet copies parts from three drawings of the category, its supports. Here one part "
    f"({DROPPED}) was removed from the drawings of {EDITED}. Nothing else was changed: no weight, no noise, no label. "
    "The parts show it clearly; this small model paints it but weakly.",
    "novel": f"PartNet was never trained on the parts of a {NOVEL}. Three drawings are all that it knows of them. "
    f"(The generator did paint the class {NOVEL} in its training.)",
    "limits": "PartWorld is a drawn world. The model is small and was trained for hours on CPU cores, the paper's for "
    "days on GPUs. The model's card, README.md in the folder that the command ipose info partworld names, says how.",
}


def run_tour(folder: Path, seed: int = 0) -> Path:
    """Write the page.

    Raises:
        RunError: the folder is not empty.
    """
    check_new(folder)
    folder.mkdir(parents=True, exist_ok=True)
    model = IPose.from_pretrained(MODEL)
    content = ReportContent(
        title="ipose demo",
        lead="What iPOSE does with a label map: it infers the parts of each object from the object's shape, and then "
        "paints the parts. The pictures were made just now by the small model that comes with the package.",
        sections=[
            scene_section("1. Label map in, image out", _TEXTS["images"], model, _scenes(model, seed, count=6)),
            _edit_section(model, seed),
            *_novel_sections(model, seed),
            Section("5. What to type next", "", [Code(NEXT)]),
            Section("Limits", _TEXTS["limits"]),
        ],
        facts=environment_facts("ipose demo"),
    )
    report = write_report(folder / "report.html", content)
    print(f"Open {report.resolve()}\n\nWhat to type next:\n{NEXT}")
    return report


def _scenes(model: IPose, seed: int, categories: tuple[str, ...] | None = None, count: int = 4) -> Sequence[Scene]:
    """New scenes of one large object or two, at the model's size."""
    height, width = model.synthesis.height, model.synthesis.width
    data = DataConfig(
        val_scenes=count,
        categories=categories,
        objects=(1, 1 if categories else 2),
        object_scale=(0.7, 0.95),
        world_seed=seed,
        scene_size=height,
    )
    return open_scenes(data, "val", (height, width))


def _edit_section(model: IPose, seed: int) -> Section:
    edit, figures = EditSupports(EDITED, drop=DROPPED), []
    for scene in _scenes(model, seed, (EDITED,), 3):
        before, after = model(scene, seed=1), model(scene, seed=1, edit=edit)
        things = scene.instance > 0
        tiles = [
            Tile(part_picture(before.parts, things), "parts"),
            Tile(part_picture(after.parts, things), f"without {DROPPED}"),
            Tile(photo(before.image), "image"),
            Tile(photo(after.image), f"without {DROPPED}"),
            Tile(difference_picture(before.image, after.image), "difference, scaled"),
        ]
        figures.append(
            Figure(
                tiles, title=f"{EDITED} {scene.name}", legends={"parts": part_legend(model.supports.part_names[EDITED])}
            )
        )
    return Section("2. Change a part by its drawings", _TEXTS["edit"], figures)


def _novel_sections(model: IPose, seed: int) -> list[Section]:
    """The model with three new drawings of the category in place of its own."""
    drawn = pairs_from_scenes(_scenes(model, seed + 1, (NOVEL,), 3), model.spec)
    drawings = replace(
        model.supports, part_maps={**model.supports.part_maps, NOVEL: torch.stack([pair.part_map for pair in drawn])}
    )
    taught = IPose(model.generator, model.partnet, drawings, model.spec)
    return [
        Section("3. A new category from three drawings", _TEXTS["novel"], [supports_figure(drawings, NOVEL)]),
        scene_section(
            f"4. Scenes with a {NOVEL}, read with these drawings", "", taught, _scenes(model, seed, (NOVEL,), 3)
        ),
    ]
