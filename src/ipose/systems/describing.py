"""`ipose info`: what a run or model folder holds, in a few lines, or what a preset sets. Reads JSON only; no torch."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ipose.configs import Published
from ipose.errors import ConfigError, RunError
from ipose.ganseg import presets as ganseg_presets
from ipose.ganseg.published import published as ganseg_published
from ipose.groupdnet import presets as groupdnet_presets
from ipose.groupdnet.published import published as groupdnet_published
from ipose.partnet import presets as partnet_presets
from ipose.partnet.presets import PUBLISHED
from ipose.segmentation.segmenter_config import FORMAT as SEGMENTER
from ipose.synthesis import presets as synthesis_presets
from ipose.synthesis.published import published
from ipose.tables import text_table
from ipose.training.metrics import read_metrics
from ipose.training.run import Run


def describe(path: Path) -> str:
    """A run, or a model folder on its own.

    Raises:
        RunError: neither is here.
    """
    if (path / "run.json").is_file():
        return _describe_run(Run.open(path))
    if (path / "config.json").is_file():
        return "\n".join(_describe_model(path))
    return _describe_run(Run.open(path))


def _describe_run(run: Run) -> str:
    info, records = run.info, read_metrics(run.metrics)
    steps = [record for record in records if "losses" in record]
    lines = [
        f"run         {run.folder} ({run.kind})",
        f"started     {info['created']}  {info['command']}",
        f"data        {info['data']}",
        f"versions    {', '.join(f'{name} {version}' for name, version in info['versions'].items())}",
        f"resumed     {len(info.get('resumed', []))} times",
    ]
    if steps:
        last = steps[-1]
        losses = ", ".join(f"{phase} {sum(terms.values()):.3f}" for phase, terms in last["losses"].items())
        lines.append(f"trained     {last['step']} steps in {last['seconds'] / 60:.1f} minutes; losses: {losses}")
    checkpoints = sorted(item.name for item in run.checkpoints.glob("step-*")) if run.checkpoints.is_dir() else []
    lines.append(f"checkpoints {', '.join(checkpoints) or 'none yet'}")
    if (run.model / "config.json").is_file():
        lines += _describe_model(run.model)
    else:
        lines.append("model       none yet: it is saved with the first checkpoint")
    lines.append(f"report      {run.report if run.report.is_file() else 'none yet'}")
    return "\n".join(lines)


def _describe_model(folder: Path) -> list[str]:
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        if config["format"] == SEGMENTER:
            network = config["segmenter_config"]["architecture"]
            return [f"model       {folder} ({SEGMENTER}), {network}, {config['num_classes']} classes"]
        if config["format"] == "ipose-groupdnet":
            settings = config["groupdnet_config"]
            return [
                f"model       {folder} (ipose-groupdnet), {settings['num_classes']} classes, groups "
                + ", ".join(map(str, settings["decoder_groups"]))
            ]
        if config["format"] == "ipose-ganseg":
            settings = config["ganseg_config"]
            return [
                f"model       {folder} (ipose-ganseg), {settings['parts']} parts, images of {settings['sizes'][-1]}"
            ]
        if config["format"] == "ipose-part-segmenter":
            what = f"{config['network']}, {config['parts']} parts, images of {config['image_size']}"
            return [f"model       {folder} (ipose-part-segmenter), {what}"]
        if "partnet_config" not in config:
            return [f"model       {folder} ({config['format']}), {_without_partnet(config['synthesis_config'])}"]
        lines = [f"model       {folder} ({config['format']}), PartNet {config['partnet_sha256'][:12]}"]
    except (OSError, ValueError, KeyError) as error:
        raise RunError("config.json describes no model of ipose", file=folder, found=repr(error)) from error
    supports = sorted(item.name for item in (folder / "supports").iterdir() if item.is_dir())
    none = "none: it came without support maps; put <category>/<name>_part.png files into its supports/"
    return [*lines, f"categories  {', '.join(supports) or none}"]


def _without_partnet(synthesis: Mapping[str, Any]) -> str:
    kinds = {"true": "the true part map", "position_descriptor": "position descriptors"}
    reads = "no parts" if synthesis["part_injection"] == "none" else kinds[synthesis["parts"]]
    return f"no PartNet: it reads {reads}"


def describe_preset(name: str) -> str:
    """Every setting of a preset beside what the paper says and what the release does. A name that both networks have
    gives both tables.

    Raises:
        ConfigError: no such preset; names those that there are.
    """
    tables = []
    if name in partnet_presets.PRESETS:
        tables.append(_preset_table(f"PartNet preset {name}", asdict(partnet_presets.preset(name)), PUBLISHED))
    if name in synthesis_presets.PRESETS:
        config = synthesis_presets.preset(name)
        tables.append(_preset_table(f"Synthesis preset {name}", asdict(config), published(name)))
    if name in groupdnet_presets.PRESETS:
        groupdnet = groupdnet_presets.preset(name)
        tables.append(_preset_table(f"GroupDNet preset {name}", asdict(groupdnet), groupdnet_published(name)))
    if name in ganseg_presets.PRESETS:
        ganseg = asdict(ganseg_presets.preset(name))
        tables.append(_preset_table(f"GANSeg preset {name}", ganseg, ganseg_published(name)))
    if not tables:
        known = f"{', '.join(partnet_presets.PRESETS)} (PartNet), {', '.join(synthesis_presets.PRESETS)} (synthesis)"
        known += f", {', '.join(groupdnet_presets.PRESETS)} (GroupDNet), {', '.join(ganseg_presets.PRESETS)} (GANSeg)"
        raise ConfigError("no such preset", field="preset", found=name, expected=known)
    return "\n\n".join([*tables, f"- = silent or unknown. Each difference is explained in {_explained(name)}."])


def _preset_table(title: str, values: Mapping[str, Any], known: Mapping[str, Published]) -> str:
    rows = []
    for name, value in values.items():
        said = known[name]
        source = f" ({said.of})" if said.of else ""
        rows.append((name, _plain(said.paper) + source, _plain(said.release), _plain(value, "none")))
    return f"{title}\n\n{text_table(('setting', 'paper', 'release', 'value'), rows)}"


def _plain(value: Any, nothing: str = "-") -> str:
    if value is None:
        return nothing
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _explained(preset: str) -> str:
    """The pages on the differences of the systems that have a preset of this name."""
    pages = {
        "docs/paper-vs-release.md": {*partnet_presets.PRESETS, *synthesis_presets.PRESETS},
        "docs/groupdnet.md": groupdnet_presets.PRESETS,
        "docs/paper-vs-release-ganseg.md": ganseg_presets.PRESETS,
    }
    return " and ".join(page for page, names in pages.items() if preset in names)
