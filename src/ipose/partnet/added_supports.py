"""More part categories for a trained PartNet: drawings with part names join its supports. No training is needed.

Three drawings of a category are enough (iPOSE sec. 3.1): PartNet reads parts out of its supports and knows no category.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path

from ipose.data.specs import dataset_toml, load_dataset_spec
from ipose.data.support_folder import SUPPORTS_FILE, load_supports, save_supports
from ipose.errors import RunError, SupportError
from ipose.model_folder import SPEC, SUPPORTS, open_model
from ipose.part_annotations import SupportSet
from ipose.partnet.pretrained import has_partnet
from ipose.weights import bundled
from ipose.whole_files import read_json, replace_folder, write_text_whole


def with_drawings(
    supports: SupportSet, folder: Path, names: Mapping[str, tuple[str, ...]] | None = None, *, instead: bool = False
) -> SupportSet:
    """Supports, and those of a folder of drawings.

    Args:
        supports: of a model; may be empty.
        folder: of drawings (`ipose.data.support_folder`).
        names: part names by category, for categories that the folder's supports.json does not name: the data set's.
        instead: drawings of a category that the model has already take the place of its own.
    Raises:
        SupportError: faults in the folder; a category that the model has already; another number of drawings.
    """
    drawn = load_supports(folder, names)
    if instead:
        kept = {name: maps for name, maps in supports.part_maps.items() if name not in drawn.categories}
        supports = SupportSet({name: supports.part_names[name] for name in kept}, kept)
    if doubles := [name for name in drawn.categories if name in supports.categories]:
        raise SupportError(
            "the model has supports of this category already",
            file=folder,
            field=", ".join(doubles),
            found=", ".join(supports.categories),
            mend=f"Give the drawings' folder {doubles[0]} another name, or leave it out.",
        )
    if supports.categories and drawn.k != supports.k:
        message, mend = "another number of drawings than the model has", "Add or remove drawings."
        expected = f"{supports.k} of each category"
        raise SupportError(message, file=folder, found=f"{drawn.k} of each", expected=expected, mend=mend)
    part_names = {**supports.part_names, **drawn.part_names}
    return SupportSet(part_names, {**supports.part_maps, **drawn.part_maps})


def add_supports(path: str | Path, folder: str | Path) -> SupportSet:
    """Write drawings with their part names into a model. The model folder is replaced whole, or stays as it was.

    A class of the model that has no parts, and the name of a drawn category, has its parts from then on.

    Args:
        path: a run or model folder with a PartNet.
        folder: of drawings.
    Returns:
        all supports that the model has now.
    Raises:
        RunError: no model, or one without a PartNet.
        SupportError: as `with_drawings`.
    """
    model = open_model(path)
    if model.path == bundled(path):
        mend = (
            f"Give it the drawings for one command (--supports {folder}), or save a copy: model.save_pretrained(DIR)."
        )
        raise RunError("the model that comes with the package is not changed", file=str(path), mend=mend)
    if not has_partnet(model):
        mend = "Name a run of ipose train partnet, or of ipose train synthesis with predicted parts."
        raise RunError("this model has no PartNet, so it reads no supports", file=model.path, mend=mend)
    dataset = load_dataset_spec(model.path) if model.has(SPEC) else None
    names = {} if dataset is None else dict(dataset.part_names)
    before = model.supports()
    together = with_drawings(before, Path(folder), names)

    def fill(new: Path) -> None:
        shutil.copytree(model.path, new, dirs_exist_ok=True)
        shutil.rmtree(new / SUPPORTS, ignore_errors=True)
        save_supports(together, new / SUPPORTS, provenance=_provenance(model.path / SUPPORTS / SUPPORTS_FILE))
        if dataset is not None:
            labels = dataset.labels.with_parts(together.categories[len(before.categories) :])
            write_text_whole(new / SPEC, dataset_toml(labels, {**names, **together.part_names}))

    replace_folder(model.path, fill)
    return together


def _provenance(file: Path) -> dict[str, object]:
    return dict(read_json(file).get("provenance", {})) if file.is_file() else {}
