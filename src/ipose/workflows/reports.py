"""The report.html of a run: what it is, what came out, how it was made."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import torch
from PIL import Image

from ipose.evaluation.contact_sheet import Tile
from ipose.evaluation.report import Figure, ReportContent, Section, write_report
from ipose.evaluation.report_blocks import (
    config_table,
    curves_figure,
    environment_facts,
    parts_table,
    scene_figure,
    supports_figure,
)
from ipose.evaluation.sheets import SceneRow, parts_sheet
from ipose.partnet import presets as partnet_presets
from ipose.partnet.partnet import PartNet
from ipose.partnet.scene_parts import predict_part_maps
from ipose.pipeline import IPose
from ipose.synthesis import presets as synthesis_presets
from ipose.synthesis.presets import SynthesisConfig
from ipose.training.metrics import read_metrics
from ipose.training.run import Run
from ipose.training.snapshot import TrainResult
from ipose.types import PartPair, Scene, SupportSet
from ipose.workflows.train_partnet import PartNetJob, PartNetResult
from ipose.workflows.train_synthesis import SynthesisJob, SynthesisResult

SHOWN_OBJECTS = 4
SHOWN_SCENES = 8
SEEDS = (1, 2)


def part_sections(result: PartNetResult) -> list[Section]:
    """Scores against the baselines, objects with their parts, and the supports of novel categories."""
    evaluation, novel = result.evaluation, result.data.novel
    basis = [name for name in evaluation.model.counts if name not in novel]
    sections = [
        Section(
            "Parts from shapes",
            "PartNet sees an object's silhouette and three annotated part maps of its category, and answers a part "
            "map. Beside it two plain baselines on the same objects.",
            [parts_table(evaluation, "Accuracy"), *_objects(result, basis)],
        )
    ]
    if shown := [name for name in evaluation.model.counts if name in novel]:
        figures = [supports_figure(result.supports, name) for name in shown]
        sections.append(
            Section(
                "Novel categories",
                "No part map of these categories was trained on. All that PartNet is told of them are these supports.",
                [*figures, *_objects(result, shown)],
            )
        )
    return sections


def _objects(result: PartNetResult, categories: Sequence[str]) -> list[Figure]:
    figures = []
    for category in categories:
        pairs = [pair for pair in result.data.val if pair.category == category][:SHOWN_OBJECTS]
        if pairs:
            sheet = _object_sheet(result.partnet, pairs, result.supports)
            figures.append(Figure([Tile(sheet)], title=f"{category}: shape, inferred, true, errors", wide=True))
    return figures


def _object_sheet(partnet: PartNet, pairs: Sequence[PartPair], supports: SupportSet) -> Image.Image:
    shapes = torch.stack([pair.shape for pair in pairs])
    categories = [pair.category for pair in pairs]
    predicted = predict_part_maps(partnet, shapes[:, None].float(), categories, supports)
    true = torch.stack([pair.part_map for pair in pairs])
    names = [pair.name for pair in pairs]
    return parts_sheet(shapes, predicted, true, names, supports.part_names[pairs[0].category])


def scene_rows(model: IPose, scenes: Sequence[Scene], seeds: Sequence[int] = SEEDS) -> list[SceneRow]:
    """Scenes with inferred parts and one image a seed."""
    rows = []
    for scene in scenes:
        outputs = {f"seed {seed}": model(scene, seed=seed) for seed in seeds}
        first = outputs[f"seed {seeds[0]}"]
        rows.append(SceneRow(scene, first.parts, {name: out.image for name, out in outputs.items()}))
    return rows


def spread(scenes: Sequence[Scene], count: int) -> list[Scene]:
    """`count` scenes from all over a sequence, or all."""
    stride = max(1, len(scenes) // count)
    return [scenes[i] for i in range(0, len(scenes), stride)][:count]


def scene_section(title: str, text: str, model: IPose, scenes: Sequence[Scene]) -> Section:
    """A gallery."""
    names = model.supports.part_names
    return Section(title, text, [scene_figure(row, model.spec, names) for row in scene_rows(model, scenes)])


def curves_section(run: Run, title: str) -> Section:
    """The run's losses."""
    records = read_metrics(run.metrics)
    return Section(title, "", [curves_figure(records)] if records else [])


def partnet_settings(job: PartNetJob) -> Section:
    """PartNet's configuration beside the paper's."""
    paper = asdict(partnet_presets.paper())
    return Section("PartNet's settings", "", [config_table(asdict(job.config), paper, title="")])


def synthesis_settings(config: SynthesisConfig, paper: SynthesisConfig | None = None) -> Section:
    """The synthesis configuration beside the paper's; what the data decide is left out of the comparison."""
    reference = asdict(paper or synthesis_presets.preset("ade20k"))
    for name in ("num_classes", "unknown", "height", "width"):
        reference.pop(name)
    return Section(
        "The generator's and discriminator's settings", "", [config_table(asdict(config), reference, title="")]
    )


def _lead(trained: TrainResult, run: Run) -> str:
    return f"Trained {trained.step} steps in {trained.seconds / 60:.1f} minutes on {run.info['data']}."


def write_partnet_report(result: PartNetResult, job: PartNetJob) -> Path:
    """report.html of a PartNet run."""
    content = ReportContent(
        title="PartNet",
        lead=_lead(result.trained, result.run),
        sections=[*part_sections(result), curves_section(result.run, "Training"), partnet_settings(job)],
        facts=environment_facts(str(result.run.info["command"])),
    )
    return write_report(result.run.report, content)


def write_synthesis_report(result: SynthesisResult, job: SynthesisJob) -> Path:
    """report.html of a synthesis run."""
    shown = spread(result.val, SHOWN_SCENES)
    content = ReportContent(
        title="Synthesis",
        lead=_lead(result.trained, result.run),
        sections=[
            scene_section("Validation scenes", "Label map in, image out; two seeds each.", result.model, shown),
            curves_section(result.run, "Training"),
            synthesis_settings(result.model.synthesis),
        ],
        facts=environment_facts(str(result.run.info["command"])),
    )
    return write_report(result.run.report, content)
