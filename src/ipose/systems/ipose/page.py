"""report.html of a synthesis run: galleries, and the scenes that came out worst and best."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from ipose.data.data_config import DataConfig
from ipose.data.open_data import open_scenes
from ipose.errors import IposeError
from ipose.images import image_float
from ipose.pipeline import IPose
from ipose.reports.blocks import scene_figure
from ipose.reports.page import Figure, Section
from ipose.reports.part_blocks import extremes
from ipose.reports.sheets import SceneRow
from ipose.synthesis.discriminator import Discriminator
from ipose.synthesis.presets import SynthesisConfig, preset
from ipose.systems.reporting import RunPage, config_of, settings_section, with_data
from ipose.systems.scene_models import SEEDS, SHOWN_SCENES, ChangedScenes, spread, with_parts_of
from ipose.training.checkpoint_files import check_whole, list_checkpoints
from ipose.training.run import Run
from ipose.types import Scene

JUDGED_SCENES = 64
"""Most scenes that are ranked, evenly chosen from the validation scenes."""

EXTREME_SCENES = 4


def page(run: Run) -> RunPage:
    """A gallery of validation scenes, and those that came out worst and best."""
    model = IPose.from_pretrained(run.folder)

    def sections_of() -> list[Section]:
        scenes = open_scenes(config_of(run, "data", DataConfig), "val", model.size)
        return scenes_sections(model, run, ChangedScenes(scenes, partial(with_parts_of, model.spec)))

    sections = with_data(sections_of)
    return RunPage(sections, synthesis_settings(model.synthesis))


def synthesis_settings(config: SynthesisConfig) -> Section:
    """The configuration beside the paper's, without the fields that the data decide."""
    decided = ("num_classes", "unknown", "height", "width")
    title = "The generator's and discriminator's settings"
    return settings_section(config, preset("ade20k"), title=title, leave_out=decided)


def scenes_sections(model: IPose, run: Run, val: Sequence[Scene]) -> list[Section]:
    """A gallery of validation scenes, and those that came out worst and best."""
    text = "Label map in, image out; two seeds each."
    gallery = scene_section("Validation scenes", text, model, spread(val, SHOWN_SCENES))
    ranked = extreme_scenes(model, run, val)
    return [gallery, *([ranked] if ranked else [])]


def scene_rows(model: IPose, scenes: Sequence[Scene], seeds: Sequence[int] = SEEDS) -> list[SceneRow]:
    """Scenes with inferred parts and one image for each seed."""
    rows = []
    for scene in scenes:
        outputs = {f"seed {seed}": model(scene, seed=seed) for seed in seeds}
        first = outputs[f"seed {seeds[0]}"]
        rows.append(
            SceneRow(
                scene, first.parts if model.predicts_parts else None, {name: out.image for name, out in outputs.items()}
            )
        )
    return rows


def scene_section(title: str, text: str, model: IPose, scenes: Sequence[Scene]) -> Section:
    """A gallery of scenes."""
    names = model.supports.part_names
    return Section(title, text, [scene_figure(row, model.spec, names) for row in scene_rows(model, scenes)])


@dataclass(frozen=True)
class SceneJudge:
    """A way to rank scenes.

    Args:
        score: takes (image float32 (3, h, w) in [-1, 1], scene) and gives a number; NaN = unknown.
        text: what the score means.
        lowest: name for the scenes with the lowest scores.
        highest: name for the scenes with the highest scores.
        unit: format of one score, as words.
    """

    score: Callable[[Tensor, Scene], float]
    text: str
    lowest: str
    highest: str
    unit: str


def extreme_scenes(model: IPose, run: Run, scenes: Sequence[Scene]) -> Section | None:
    """The scenes with the lowest and the highest score.

    The score is that of the run's own discriminator. If there is none, it is the difference from the photograph. None =
    there are no photographs either.
    """
    scenes = spread(scenes, JUDGED_SCENES)
    judge = discriminator_judge(run, model.synthesis) or _photograph_judge(scenes)
    if judge is None:
        return None
    scores = torch.tensor([judge.score(model(scene, seed=SEEDS[0]).image, scene) for scene in scenes])
    figures: list[Figure] = []
    worst, best = extremes(scores, EXTREME_SCENES)
    for word, indices in ((judge.lowest, worst), (judge.highest, best)):
        for i, row in zip(indices, scene_rows(model, [scenes[i] for i in indices], SEEDS[:1]), strict=True):
            title = f"{word}: {judge.unit.format(float(scores[i]))} ({scenes[i].name})"
            figures.append(scene_figure(row, model.spec, model.supports.part_names, title=title))
    return Section(
        f"{judge.lowest} and {judge.highest.lower()} scenes",
        f"{judge.text} Of {len(scenes)} validation scenes, seed {SEEDS[0]}.",
        figures,
        shown=len(worst),
        rest=judge.highest.lower(),
    )


def discriminator_judge(run: Run, config: SynthesisConfig) -> SceneJudge | None:
    """Ranking by the discriminator of the run's last checkpoint. None = there is none."""
    network = load_discriminator(run, config)
    if network is None:
        return None

    @torch.no_grad()
    def score(image: Tensor, scene: Scene) -> float:
        counted = scene.label != (-1 if config.unknown is None else config.unknown)
        classes = network(image[None]).segmentation[0, 1:].argmax(0)  # without channel 0, "fake"
        return float((classes == scene.label)[counted].double().mean())

    return SceneJudge(
        score,
        "By the share of pixels in which the run's own discriminator recognises the class of the label map (without "
        'the answer "fake"). The generator was trained with this network. So the number ranks the scenes of this run, '
        "but it does not measure quality and cannot be compared with other runs.",
        "Worst",
        "Best",
        "{:.0%} recognised",
    )


def load_discriminator(run: Run, config: SynthesisConfig) -> Discriminator | None:
    """The discriminator of the newest undamaged checkpoint, in eval mode. None = none fits the config."""
    for path in reversed(list_checkpoints(run.checkpoints)):
        try:
            check_whole(path)
            network = Discriminator.from_config(config)
            network.load_state_dict(load_file(path / "discriminator.safetensors"))
        except (IposeError, OSError, SafetensorError, RuntimeError):  # damaged, or somebody's own discriminator
            continue
        return network.eval()
    return None


def _photograph_judge(scenes: Sequence[Scene]) -> SceneJudge | None:
    if all(scene.image is None for scene in scenes):
        return None

    def score(image: Tensor, scene: Scene) -> float:
        if scene.image is None:
            return float("nan")
        return float((image - image_float(scene.image)).abs().mean()) * 127.5

    return SceneJudge(
        score,
        "By the mean difference from the photograph. The label map does not say much about it, so a good image can "
        "have other colours and a large difference. (The run has no checkpoint with a discriminator.)",
        "Least changed",
        "Most changed",
        "{:.0f} of 255 grey values from the photograph",
    )
