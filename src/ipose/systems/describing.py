"""`ipose info`: what a run or model folder holds, in a few lines, or what a preset sets. Reads JSON only; no torch."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ipose.configs import Published
from ipose.errors import ConfigError, RunError
from ipose.model_folder import open_model
from ipose.systems.record import function_named
from ipose.systems.registry import system_of_model, systems
from ipose.tables import text_table
from ipose.training.folders import nearby, what_is
from ipose.training.metrics import read_metrics
from ipose.training.run import Run
from ipose.weights import bundled


def describe(path: Path) -> str:
    """A run, a model folder on its own, or a bundled model.

    Raises:
        RunError: neither is here.
    """
    path = path if path.exists() else bundled(path) or path
    if (path / "config.json").is_file() and not (path / "run.json").is_file():
        return "\n".join(_describe_model(path))
    if not (path / "run.json").is_file():
        expected = "run.json of a run, or config.json of a model folder"
        raise RunError("nothing to describe", file=path, found=what_is(path), expected=expected, mend=nearby(path))
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
    saved = open_model(folder)
    system = system_of_model(saved)
    described = [system.title]
    if system.describing is not None:
        with saved.reading("config.json"):
            described = function_named(system.describing)(saved.config, folder)
    first, *more = described
    return [f"model       {folder} ({saved.format}), {first}", *more]


def describe_preset(name: str) -> str:
    """Every setting of a preset beside what the paper says and what the release does.

    A name that several systems have gives a table of each.

    Raises:
        ConfigError: no such preset; names those that there are.
    """
    found = [system for system in systems() if name in system.presets]
    if not found:
        known = "; ".join(f"{', '.join(system.presets)} ({system.title})" for system in systems() if system.presets)
        raise ConfigError("no such preset", field="preset", found=name, expected=known)
    tables = [
        _preset_table(
            f"{system.title} preset {name}",
            asdict(system.default_config(name)),
            system.published(name) if system.published is not None else {},
        )
        for system in found
    ]
    pages = list(dict.fromkeys(system.differences for system in found if system.differences))
    explained = f" Each difference is explained in {' and '.join(pages)}." if pages else ""
    return "\n\n".join([*tables, f"- = silent or unknown.{explained}"])


def _preset_table(title: str, values: Mapping[str, Any], known: Mapping[str, Published]) -> str:
    rows = []
    for name, value in values.items():
        said = known.get(name, Published())
        paper, release = (f" ({source})" if source else "" for source in (said.of, said.release_from))
        rows.append((name, _plain(said.paper) + paper, _plain(said.release) + release, _plain(value, "none")))
    return f"{title}\n\n{text_table(('setting', 'paper', 'release', 'value'), rows)}"


def _plain(value: Any, nothing: str = "-") -> str:
    if value is None:
        return nothing
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
