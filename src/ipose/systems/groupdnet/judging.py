"""Eval cards of a GroupDNet: its images beside photographs, what the code of one class changes, reconstructions."""

from dataclasses import replace

from ipose.data.data_config import DataConfig
from ipose.evaluation.card_folder import card_facts, model_facts
from ipose.evaluation.class_diversity import class_cards
from ipose.evaluation.judges import EvaluateOptions
from ipose.evaluation.reconstruction import reconstruction_cards
from ipose.groupdnet.model import GroupDNet
from ipose.model_folder import open_model
from ipose.systems.groupdnet.class_noise import class_noise
from ipose.systems.groupdnet.reconstructing import coder
from ipose.systems.image_judging import judge_images, nothing_to_judge_by
from ipose.systems.judging import Judged, data_of
from ipose.training.run import Run

NO_LPIPS = (
    "mCSD, mOCD and diversity are of the mean absolute difference, not of LPIPS, which the paper takes: no file was "
    "named (--lpips alexnet-owt-7be5be79.pth, of torchvision)."
)


def judge(run: Run, data: DataConfig | None, options: EvaluateOptions, name: str) -> Judged:
    """FID, mIoU and accuracy (tables 1 and 2), mCSD, mOCD and LPIPS (table 1), L1 and LPIPS of reconstructions.

    What cannot be judged is left out. If protocols of images are named, only these cards are made. With `limit`, mCSD
    and mOCD take no more label maps.

    Raises:
        DataError: protocols of images are named, and there is no network to judge them with.
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
