"""Eval cards of a GroupDNet: its images beside photographs, what the code of one class changes, reconstructions."""

from collections.abc import Sequence
from dataclasses import replace

from jaxtyping import Float
from torch import Tensor

from ipose.data.data_config import DataConfig
from ipose.editing.code_edits import ResampleClass, paint_edited
from ipose.evaluation.card_folder import card_facts, model_facts
from ipose.evaluation.class_diversity import ClassSampler, class_cards
from ipose.evaluation.judges import EvaluateOptions
from ipose.evaluation.reconstruction import Reconstruct, reconstruction_cards
from ipose.groupdnet.model import GroupDNet
from ipose.model_folder import open_model
from ipose.systems.image_judging import judge_images, nothing_to_judge_by
from ipose.systems.judging import Judged, data_of
from ipose.training.run import Run
from ipose.types import Scene

NO_LPIPS = (
    "mCSD, mOCD and diversity are of the mean absolute difference, not of LPIPS, which the paper takes: no file was "
    "named (--lpips alexnet-owt-7be5be79.pth, of torchvision)."
)


def judge(run: Run, data: DataConfig | None, options: EvaluateOptions, name: str) -> Judged:
    """FID, mIoU and accuracy (tables 1 and 2), mCSD, mOCD and LPIPS (table 1), L1 and LPIPS of reconstructions.

    What cannot be judged is left out. If protocols of images are named, only these cards are made. With `limit`, mCSD
    and mOCD take no more label maps.
    """
    data = data or data_of(run)
    facts = card_facts(run.folder, data.data, model_facts(run))
    model = GroupDNet.from_pretrained(open_model(run.folder)).to(options.device)
    judged = judge_images(run, model, data, options, facts, name)
    if options.protocols is not None:
        if not judged.cards:
            raise nothing_to_judge_by(run, judged.left_out)
        return judged
    maps = options.maps if options.limit is None else min(options.maps, options.limit)
    left_out = (*judged.left_out, *([NO_LPIPS] if options.lpips is None else []))
    cards = [*judged.cards, *class_cards(run, class_noise, replace(options, maps=maps), data)]
    cards += reconstruction_cards(run, coder, options, data)
    return replace(judged, cards=[replace(card, left_out=left_out) for card in cards], left_out=left_out)


def class_noise(run: Run, device: str) -> tuple[ClassSampler, tuple[int, int]]:
    """The run's model with its class noise, and the (height, width) it was trained at."""
    model = GroupDNet.from_pretrained(run.folder).to(device)
    return groupdnet_sampler(model), model.size


def groupdnet_sampler(model: GroupDNet) -> ClassSampler:
    """Images with a new code for one class. A model with one code for all classes (VSPADE) gets a new code."""

    def sample(scene: Scene, class_id: int | None, number: int) -> Float[Tensor, "3 h w"]:
        alone = class_id is not None and model.config.code != "vector"
        classes = (model.spec.classes[class_id].name,) if alone and class_id is not None else ()
        return paint_edited(model, scene, ResampleClass(classes, seed=number + 1), seed=0)

    return sample


def coder(run: Run, device: str) -> tuple[Reconstruct, tuple[int, int]]:
    """The run's model as encoder and decoder, and the (height, width) it was trained at."""
    model = GroupDNet.from_pretrained(run.folder).to(device)

    def reconstruct(scenes: Sequence[Scene]) -> Float[Tensor, "b 3 h w"]:
        return model.paint(scenes, model.encode(scenes).mean)

    return reconstruct, model.size
