"""mCSD, mOCD and overall diversity of a model, as eval cards: of a GroupDNet run, or of iPOSE."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from ipose.configs import config_from_plain
from ipose.data.data_config import DataConfig
from ipose.data.open_data import open_scenes
from ipose.editing.code_edits import ResampleClass, paint_edited
from ipose.editing.edit import Edit
from ipose.editing.region import PixelNoise, Seen
from ipose.errors import ConfigError, RunError
from ipose.evaluation.card_folder import code_facts, model_facts
from ipose.evaluation.class_diversity import (
    ABSOLUTE_DIFFERENCE,
    ClassDiversity,
    ClassSampler,
    ImageDistance,
    Masking,
    class_diversity,
)
from ipose.evaluation.eval_card import EvalCard
from ipose.evaluation.lpips import load_lpips
from ipose.groupdnet.model import GroupDNet
from ipose.pipeline import IPose
from ipose.training.run import Run
from ipose.types import Scene


def groupdnet_sampler(model: GroupDNet) -> ClassSampler:
    """Class noise of a GroupDNet: its class's code. A model with one code for all (VSPADE) changes all of it."""

    def sample(scene: Scene, class_id: int | None, number: int) -> Float[Tensor, "3 h w"]:
        alone = class_id is not None and model.config.code != "vector"
        classes = (model.spec.classes[class_id].name,) if alone and class_id is not None else ()
        return paint_edited(model, scene, ResampleClass(classes, seed=number + 1), seed=0)

    return sample


@dataclass(frozen=True)
class _ResamplePixels(Edit):
    """New noise z at the pixels of a class, or everywhere."""

    class_id: int | None
    seed: int

    def redraw(self, noise: PixelNoise, seen: Seen) -> PixelNoise:
        label = seen.draft.scene.label
        region = torch.ones_like(label, dtype=torch.bool) if self.class_id is None else label == self.class_id
        return noise._replace(z=torch.where(region, seen.noise(self.seed).z, noise.z))


def ipose_sampler(model: IPose) -> ClassSampler:
    """Class noise of iPOSE: z at the pixels of the class."""

    def sample(scene: Scene, class_id: int | None, number: int) -> Float[Tensor, "3 h w"]:
        return model(scene, seed=0, edit=_ResamplePixels(class_id, number + 1)).image

    return sample


def lpips_distance(weights: Path, device: str = "cpu") -> ImageDistance:
    """LPIPS from AlexNet's local file. Raises MissingWeightsError without it."""
    loaded = load_lpips(weights, device=device)

    def whole(a: Tensor, b: Tensor) -> Tensor:
        with torch.no_grad():
            return loaded.network(a.to(device), b.to(device)).reshape(len(a)).cpu()

    return ImageDistance("LPIPS", whole, features=loaded.label)


def evaluate_classes(
    folder: Path,
    *,
    maps: int = 20,
    images: int = 100,
    pairs: int = 19,
    masking: Masking = "multiply",
    lpips: Path | None = None,
    device: str = "cpu",
) -> list[EvalCard]:
    """Cards of a run's model on its validation label maps.

    Args:
        folder: a GroupDNet run, or a synthesis run of iPOSE.
        maps: label maps, from all over the validation data.
        images: of each class of each map, among which pairs are chosen.
        pairs: compared for each class of each map.
        masking: see `ipose.evaluation.class_diversity`.
        lpips: AlexNet's file; None = the mean absolute difference, which is not LPIPS and called so.
        device: to compute on.
    Raises:
        RunError: no run, or no model in it; MissingWeightsError; ConfigError.
    """
    if maps < 1:
        raise ConfigError("no label map to make images of", field="maps", found=maps, expected="1 or more")
    run = Run.open(folder)
    sampler, size = _sampler_of(run, device)
    distance = ABSOLUTE_DIFFERENCE if lpips is None else lpips_distance(lpips, device)
    val = open_scenes(config_from_plain(DataConfig, run.config["data"]), "val", size)
    stride = max(1, len(val) // maps)
    scenes = [val[i] for i in range(0, len(val), stride)][:maps]
    found = class_diversity(sampler, scenes, distance, images=images, pairs=pairs, masking=masking)
    return diversity_cards(found, distance, masking, str(folder), model_facts(run))


def _sampler_of(run: Run, device: str) -> tuple[ClassSampler, tuple[int, int]]:
    """The run's model with its class noise, and the (height, width) it was trained at."""
    if run.kind == "groupdnet":
        model = GroupDNet.from_pretrained(run.folder).to(device)
        return groupdnet_sampler(model), (model.config.height, model.config.width)
    if run.kind == "synthesis":
        whole = IPose.from_pretrained(run.folder).to(device)
        return ipose_sampler(whole), (whole.synthesis.height, whole.synthesis.width)
    raise RunError(
        "no run of a generator with noise for each class",
        file=run.folder,
        found=run.kind,
        expected="groupdnet or synthesis",
    )


def diversity_cards(
    found: ClassDiversity,
    distance: ImageDistance,
    masking: Masking,
    judged: str,
    model: Mapping[str, str] | None = None,
) -> list[EvalCard]:
    """mCSD, mOCD and overall diversity, with the distance in their names; `model`: hashes of what was judged."""
    values = {"mCSD": found.own, "mOCD": found.others, f"Diversity {distance.name}": found.overall}
    notes = () if distance.features else ("a stand-in for LPIPS, which the paper uses",)
    return [
        EvalCard(
            metric=name if distance.name in name else f"{name} ({distance.name})",
            value=value,
            protocol=f"classes-{masking}",
            resize="none: as the model makes them",
            counts={"label maps": found.maps, "pairs a class": found.pairs},
            features=distance.features,
            seeds=(0,),
            notes=notes,
            images=judged,
            model=model or {},
            **code_facts(),
        )
        for name, value in values.items()
    ]
