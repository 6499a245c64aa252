"""`ipose evaluate RUN` for a part segmenter: landmarks, foregrounds and parts on real photographs."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ipose.configs import config_from_plain
from ipose.data.data_config import DataConfig, PhotoConfig
from ipose.data.open_data import open_scenes, open_spec
from ipose.data.photo_layouts import photo_layout
from ipose.data.published.layouts import published_layout, splits_of
from ipose.errors import DataError, IposeError, RunError
from ipose.evaluation.card_folder import code_facts, model_facts
from ipose.evaluation.eval_card import EvalCard
from ipose.evaluation.image_pairs import Fingerprint
from ipose.evaluation.judgement import RunJudgement
from ipose.evaluation.landmarks import foreground_iou
from ipose.evaluation.part_matching import PartMatching, match_parts, overlap_counts
from ipose.segmentation.saved_part_segmenter import TrainedSegmenter, load_part_segmenter
from ipose.systems.judging import Judged
from ipose.systems.part_segmenter.part_maps import Judgement, score_cards
from ipose.systems.part_segmenter.photo_cards import published_cards
from ipose.systems.part_segmenter.segment import segment_image
from ipose.training.run import Run
from ipose.types import Scene

MOST_PARTS = 8
"""Number of part ids in a scene folder."""


def own_data(run: Run) -> DataConfig:
    """The photographs that the segmenter's generator was trained on.

    Raises:
        RunError: the generator's run is gone, or does not say.
    """
    pairs = Path(run.config["pairs"])
    try:
        photographs = config_from_plain(PhotoConfig, Run.open(pairs).config["data"])
    except (IposeError, KeyError, TypeError) as error:
        message = "the run of the generator, which knows the photographs, is not here"
        raise RunError(message, file=pairs, mend="Name photographs to judge on with --data.") from error
    return photographs.scenes_config()


def judge(run: Run, data: DataConfig | None, judgement: RunJudgement, name: str) -> Judged:
    """Eval cards on photographs with known landmarks, foregrounds or parts. `data`: None = the generator's
    photographs."""
    chosen: dict[str, Any] = {option: getattr(judgement, option) for option in ("limit", "device", "batch_size")}
    return Judged(*part_segmenter_cards(run, data or own_data(run), **chosen))


def part_segmenter_cards(
    run: Run, data: DataConfig, *, limit: int | None = None, device: str = "cpu", batch_size: int = 16
) -> tuple[list[EvalCard], tuple[str, ...]]:
    """Eval cards of everything that the data can judge, and a sentence for each thing that they cannot.

    Published photographs give landmark errors (CelebA in the wild, CUB, Taichi) and foreground IoU (CUB, Flowers,
    Taichi). Scenes give the IoU of things with the foreground, and parts matched to true parts.

    Args:
        run: of `ipose train part-segmenter`.
        data: a published set of photographs, a scene folder, or PartWorld.
        limit: most photographs of a split. None = all.
        device: of the segmenter.
        batch_size: number of photographs in a batch.
    Raises:
        DataError: the data have nothing to judge by, or files with faults.
    """
    if not data.is_partworld and not Path(data.data).is_dir():
        raise DataError("no such folder of photographs", file=data.data, mend="Check the path.")
    segmenter = load_part_segmenter(run.folder)
    segmenter.network.to(device)
    side, root = segmenter.image_size, Path(data.data)
    facts: dict[str, Any] = {
        "protocol": "photographs",
        "resize": f"photographs and masks to {side}x{side} (bilinear)",
        "model": model_facts(run),
        "images": str(run.folder),
        "real": data.data,
        **code_facts(),
    }
    layout = None if data.is_partworld else photo_layout(root)
    if layout is not None:
        return published_cards(segmenter, layout, root, facts, limit, batch_size)
    if not data.is_partworld and not (splits_of(root) or published_layout(root)):
        raise DataError(
            "photographs without a truth to judge by",
            file=root,
            expected="Flowers-102, CUB-200-2011, CelebA in the wild, Taichi, or a scene folder",
            mend="Name one with --data, or judge by your own true maps: ipose segment PHOTOGRAPHS --model RUN --truth "
            "MAPS.",
        )
    facts["resize"] = f"photographs to {side}x{side} (bilinear, antialiased), logits back (bilinear)"
    return _scene_cards(segmenter, data, facts, limit)


def _scene_cards(
    segmenter: TrainedSegmenter, data: DataConfig, facts: dict[str, Any], limit: int | None
) -> tuple[list[EvalCard], tuple[str, ...]]:
    """Cards of validation scenes. Things are the foreground. Parts are matched if all are of one category."""
    dataset, scenes = open_spec(data), open_scenes(data, "val")
    things = torch.tensor([item.thing for item in dataset.labels.classes])
    ious, whole, counts, categories = list[float](), list[float](), list[Tensor](), set[str]()
    looked = Fingerprint()
    for i in range(min(len(scenes), limit or len(scenes))):
        scene: Scene = scenes[i]
        if scene.image is None:
            raise DataError("a scene without a photograph", file=data.data, found=scene.name, mend="Add *_img/.")
        found = segment_image(segmenter, scene.image)
        true = things[scene.label][None].long()
        for seen in (scene.image, things[scene.label], scene.part):
            if seen is not None:
                looked.add(scene.name, seen)
        ious.append(foreground_iou(found[None], true))
        whole.append(foreground_iou(torch.ones_like(true), true))
        categories |= {item.part_category for item in scene.objects if item.part_category is not None}
        if scene.part is not None:
            counts.append(overlap_counts(found[None], scene.part[None], len(segmenter.part_names), MOST_PARTS))
    if not ious:
        raise DataError("no validation scenes to judge on", file=data.data, mend="Name other data with --data.")
    matching: PartMatching | None = None
    left_out: tuple[str, ...] = ()
    if counts and len(categories) == 1:
        summed = torch.stack(counts).sum(0)
        matching = match_parts(summed[:, : 1 + max(int(summed.sum(0).nonzero().max()), 1)])
    elif counts:
        left_out = (
            f"No matching of parts: they are of {len(categories)} categories, whose part ids differ in meaning.",
        )
    else:
        left_out = ("No matching of parts: the scenes have no part maps.",)
    judged = Judgement(len(ious), sum(ious) / len(ious), sum(whole) / len(whole), matching, looked.hex())
    names = dataset.part_names.get(next(iter(categories), ""), ()) if matching else ()
    return score_cards(judged, segmenter.part_names, facts, names), left_out
