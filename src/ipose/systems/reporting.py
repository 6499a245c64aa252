"""The report.html of a run: what it is, what came out, how it was made. Written when a training ends, and anew by
`ipose report RUN`."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from ipose.configs import config_from_plain
from ipose.data.data_config import DataConfig, PhotoConfig
from ipose.data.open_data import open_part_pairs, open_scenes
from ipose.errors import DataError, IposeError, RunError, SpecError
from ipose.ganseg.presets import GANSegConfig
from ipose.ganseg.pretrained import load_ganseg
from ipose.groupdnet.model import GroupDNet
from ipose.partnet import presets as partnet_presets
from ipose.partnet.presets import PartNetConfig
from ipose.partnet.pretrained import load_partnet
from ipose.pipeline import IPose
from ipose.reports.blocks import config_table, curves_figure, environment_facts, supports_figure
from ipose.reports.card_blocks import cards_table, find_cards, markdown_tables
from ipose.reports.page import ReportContent, Section, write_report
from ipose.segmentation.part_segmenter_config import PartSegmenterConfig
from ipose.synthesis import presets as synthesis_presets
from ipose.synthesis.presets import SynthesisConfig
from ipose.systems.ganseg.training import GANSegJob, GANSegResult, write_ganseg_report
from ipose.systems.groupdnet.training import GroupDNetResult, write_groupdnet_report
from ipose.systems.ipose.page import extreme_scenes, scene_section, spread
from ipose.systems.ipose.training import SynthesisJob, SynthesisResult
from ipose.systems.part_segmenter.page import write_part_segmenter_report
from ipose.systems.partnet.page import part_sections
from ipose.systems.partnet.training import PartNetJob, PartNetResult
from ipose.training.metrics import read_metrics
from ipose.training.run import Run
from ipose.training.snapshot import TrainResult
from ipose.types import Scene

SHOWN_SCENES = 8

Config = TypeVar("Config")


def curves_section(run: Run, title: str) -> Section:
    """The run's losses."""
    records = read_metrics(run.metrics)
    return Section(title, "", [curves_figure(records)] if records else [])


def partnet_settings(config: PartNetConfig) -> Section:
    """PartNet's configuration beside the paper's."""
    paper = asdict(partnet_presets.paper())
    table = config_table(asdict(config), paper, title="")
    return Section("PartNet's settings", "", [table], shown=0, rest="settings beside the paper's")


def synthesis_settings(config: SynthesisConfig, paper: SynthesisConfig | None = None) -> Section:
    """The synthesis configuration beside the paper's; what the data decide is left out of the comparison."""
    reference = asdict(paper or synthesis_presets.preset("ade20k"))
    for name in ("num_classes", "unknown", "height", "width"):
        reference.pop(name)
    table = config_table(asdict(config), reference, title="")
    title = "The generator's and discriminator's settings"
    return Section(title, "", [table], shown=0, rest="settings beside the paper's")


def files_sections(folder: Path) -> list[Section]:
    """What other commands left: eval cards in `cards/` of the run, and `table-*.md` beside the run."""
    sections = []
    cards, faults = find_cards(folder / "cards")
    if cards or faults:
        text = (
            "Numbers compare where metric, protocol and features are the same; the cards themselves, in the run's "
            "folder cards/, have all that they depend on."
        )
        blocks = [cards_table(cards)] if cards else []
        sections.append(Section("Eval cards", "\n\n".join([text, *(f"Left out: {fault}" for fault in faults)]), blocks))
    tables = [table for path in sorted(folder.resolve().parent.glob("table-*.md")) for table in markdown_tables(path)]
    if tables:
        sections.append(Section("Ablations", "Tables that lie beside this run.", tables))
    return sections


def _lead(trained: TrainResult, run: Run) -> str:
    return _trained(trained.step, trained.seconds, run)


def _trained(step: int, seconds: float, run: Run) -> str:
    return f"Trained {step} steps in {seconds / 60:.1f} minutes on {run.info['data']}."


def write_partnet_report(result: PartNetResult, job: PartNetJob) -> Path:
    """report.html of a PartNet run."""
    return _write_partnet(result.run, _lead(result.trained, result.run), part_sections(result), job.config)


def write_synthesis_report(result: SynthesisResult, job: SynthesisJob) -> Path:
    """report.html of a synthesis run."""
    sections = scenes_sections(result.model, result.run, result.val)
    return _write_synthesis(result.run, _lead(result.trained, result.run), sections, result.model.synthesis)


def scenes_sections(model: IPose, run: Run, val: Sequence[Scene]) -> list[Section]:
    """A gallery of validation scenes, and those that came out worst and best."""
    text = "Label map in, image out; two seeds each."
    gallery = scene_section("Validation scenes", text, model, spread(val, SHOWN_SCENES))
    ranked = extreme_scenes(model, run, val)
    return [gallery, *([ranked] if ranked else [])]


def remake_report(folder: Path) -> Path:
    """Write report.html of a finished run anew: from its model and validation data, and what lies beside them by now.

    Where the data are gone the report says so, and has the rest.

    Args:
        folder: a PartNet, synthesis, GroupDNet, GANSeg or part segmenter run that has saved a model.
    Raises:
        RunError: no run here, a run of another kind or version, or one without a model.
    """
    run = Run.open(folder)
    if run.kind == "partnet":
        return _remake_partnet(run)
    if run.kind == "synthesis":
        return _remake_synthesis(run)
    if run.kind == "ganseg":
        return _remake_ganseg(run)
    if run.kind == "part-segmenter":
        settings = _config(run, "segmenter", PartSegmenterConfig)
        return write_part_segmenter_report(run, settings, files_sections(run.folder))
    if run.kind == "groupdnet":
        return _remake_groupdnet(run)
    known = "partnet, synthesis, groupdnet, ganseg, part-segmenter"
    raise RunError("no report is known for such a run", file=run.folder, found=run.kind, expected=known)


def _remake_partnet(run: Run) -> Path:
    trained, config = load_partnet(run.folder), _config(run, "partnet", PartNetConfig)
    try:
        data = open_part_pairs(_config(run, "data", DataConfig))
    except (DataError, SpecError) as error:
        supports = trained.supports
        figures = [supports_figure(supports, name) for name in supports.categories]
        sections = [_without_data(error), Section("Supports", "", figures, shown=3, rest="more categories")]
    else:
        done = TrainResult(*_progress(run), "done", {}, run.checkpoints, "")
        sections = part_sections(PartNetResult(run, done, data, trained.supports, trained.partnet))
    return _write_partnet(run, _trained(*_progress(run), run), sections, config)


def _remake_synthesis(run: Run) -> Path:
    model = IPose.from_pretrained(run.folder)
    size = (model.synthesis.height, model.synthesis.width)
    try:
        sections = scenes_sections(model, run, open_scenes(_config(run, "data", DataConfig), "val", size))
    except (DataError, SpecError) as error:
        sections = [_without_data(error)]
    return _write_synthesis(run, _trained(*_progress(run), run), sections, model.synthesis)


def _remake_ganseg(run: Run) -> Path:
    done = TrainResult(*_progress(run), "done", {}, run.checkpoints, "")
    config, data = _config(run, "ganseg", GANSegConfig), _config(run, "data", PhotoConfig)
    job = GANSegJob(config=config, data=data, train=run.train_config)
    return write_ganseg_report(GANSegResult(run, done, load_ganseg(run.folder)), job)


def _remake_groupdnet(run: Run) -> Path:
    done = TrainResult(*_progress(run), "done", {}, run.checkpoints, "")
    model = GroupDNet.from_pretrained(run.model)
    val = open_scenes(_config(run, "data", DataConfig), "val", (model.config.height, model.config.width))
    return write_groupdnet_report(GroupDNetResult(run, done, model, val), files_sections(run.folder))


def _write_partnet(run: Run, lead: str, sections: Sequence[Section], config: PartNetConfig) -> Path:
    training = curves_section(run, "Training")
    return _write(run, "PartNet", lead, [*sections, *files_sections(run.folder), training, partnet_settings(config)])


def _write_synthesis(run: Run, lead: str, sections: Sequence[Section], config: SynthesisConfig) -> Path:
    training = curves_section(run, "Training")
    return _write(
        run, "Synthesis", lead, [*sections, *files_sections(run.folder), training, synthesis_settings(config)]
    )


def _write(run: Run, title: str, lead: str, sections: Sequence[Section]) -> Path:
    facts = environment_facts(str(run.info["command"]))
    return write_report(run.report, ReportContent(title=title, lead=lead, sections=sections, facts=facts))


def _without_data(error: IposeError) -> Section:
    return Section("The validation data are not here", f"So nothing can be judged anew. {error}")


def _config(run: Run, name: str, kind: type[Config]) -> Config:
    values: Any = run.config.get(name)
    if not isinstance(values, dict):
        raise RunError(
            "the run does not say how it was made", file=run.folder / "run.json", found=f"no {name!r}", expected=name
        )
    return config_from_plain(kind, values)


def _progress(run: Run) -> tuple[int, float]:
    """Steps and seconds trained, by the last line of the log that says so."""
    records = [record for record in read_metrics(run.metrics) if "losses" in record]
    return (int(records[-1]["step"]), float(records[-1]["seconds"])) if records else (0, 0.0)
