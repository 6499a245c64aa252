"""What every eval card says of the code and of the model behind its number."""

from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import Any

from ipose.evaluation.network_files import sha256_of_file
from ipose.evaluation.part_cards import supports_hash
from ipose.training.provenance import git_commit, versions
from ipose.training.run import Run
from ipose.types import SupportSet

WEIGHT_FILES = {
    "generator": "model.safetensors",
    "PartNet": "partnet.safetensors",
    "segmenter": "segmenter.safetensors",
}
"""What cards call the weight files of a model folder."""


def code_facts() -> dict[str, Any]:
    """`versions` and `commit` of a card: of the code that evaluates."""
    found = dict(versions())
    for name in ("torchmetrics", "torch-fidelity", "pillow"):
        with suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return {"versions": found, "commit": git_commit()}


def model_facts(run: Run, supports: SupportSet | None = None) -> dict[str, str]:
    """`model` of a card: SHA-256 of each weight file of the run's model and of its supports, commit of the training."""
    facts = weights_of(run.model)
    if supports is not None and supports.categories:
        facts["supports"] = supports_hash(supports)
    return {**facts, "training commit": str(run.info.get("commit") or "unknown")}


def weights_of(folder: Path) -> dict[str, str]:
    """SHA-256 of each weight file of a model folder, by what cards call it."""
    return {name: sha256_of_file(folder / file) for name, file in WEIGHT_FILES.items() if (folder / file).is_file()}
