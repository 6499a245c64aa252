"""`ipose evaluate RUN` for a part segmenter: landmarks, foregrounds and parts on real photographs."""

from pathlib import Path
from typing import Any

import torch

from ipose.configs import config_from_plain
from ipose.data.data_config import DataConfig, PhotoConfig
from ipose.data.open_data import open_scenes, open_spec
from ipose.data.photo_layouts import photo_layout
from ipose.data.published.layouts import published_layout, splits_of
from ipose.errors import DataError, IposeError, RunError
from ipose.evaluation.card_folder import card_facts, model_facts
from ipose.evaluation.judges import EvaluateOptions
from ipose.segmentation.saved_part_segmenter import TrainedSegmenter, load_part_segmenter
from ipose.systems.judging import Judged
from ipose.systems.part_segmenter.part_maps import PartMapTally, how_segmented, part_map_cards
from ipose.systems.part_segmenter.photo_cards import published_cards
from ipose.systems.part_segmenter.segment import segment_image
from ipose.training.run import Run


def own_data(run: Run) -> DataConfig:
    """The photographs that the segmenter's generator was trained on.

    Raises:
        RunError: the generator's run is gone, or does not say.
    """
    pairs = Path(run.config.get("pairs", run.folder))
    try:
        photographs = config_from_plain(PhotoConfig, Run.open(pairs).config["data"])
    except (IposeError, KeyError, TypeError) as error:
        message = "the run of the generator, which names the photographs, is not here"
        raise RunError(message, file=pairs, mend="Name photographs to judge on with --data.") from error
    return photographs.scenes_config()


def judge(run: Run, data: DataConfig | None, options: EvaluateOptions, name: str) -> Judged:
    """Eval cards of everything that the data can judge, and a sentence for each thing that they cannot.

    Published photographs give landmark errors (CelebA, CUB, Taichi) and foreground IoU (CUB, Flowers,
    Taichi). Scenes give the IoU of things with the foreground, and parts matched to true parts.

    Raises:
        DataError: the data have nothing to judge by, or files with faults.
    """
    data = data or own_data(run)
    root = Path(data.data)
    if not data.is_partworld and not root.is_dir():
        raise DataError("no such folder of photographs", file=root, mend="Check the path.")
    segmenter = load_part_segmenter(run.folder)
    segmenter.network.to(options.device)
    facts = card_facts(run.folder, data.data, model_facts(run))
    layout = None if data.is_partworld else photo_layout(root)
    if layout is not None:
        return Judged(*published_cards(segmenter, layout, root, facts, options.limit, options.batch_size))
    if not data.is_partworld and not (splits_of(root) or published_layout(root)):
        raise DataError(
            "photographs without a truth to judge by",
            file=root,
            expected="Flowers-102, CUB-200-2011, CelebA, Taichi, or a scene folder",
            mend="Name one with --data, or judge by your own true maps: ipose segment PHOTOGRAPHS --model RUN --truth "
            "MAPS.",
        )
    return _judge_scenes(segmenter, data, {**facts, **how_segmented(segmenter)}, options.limit)


def _judge_scenes(segmenter: TrainedSegmenter, data: DataConfig, facts: dict[str, Any], limit: int | None) -> Judged:
    """Judge validation scenes. Things are the foreground. Parts are matched if all are of one category."""
    dataset, scenes = open_spec(data), open_scenes(data, "val")
    things = torch.tensor([item.thing for item in dataset.labels.classes])
    tally, categories = PartMapTally(len(segmenter.part_names)), set[str]()
    for i in range(min(len(scenes), limit or len(scenes))):
        scene = scenes[i]
        if scene.image is None:
            raise DataError("a scene without a photograph", file=data.data, found=scene.name, mend="Add *_img/.")
        foreground = things[scene.label]
        truth = [pixels for pixels in (scene.image, foreground, scene.part) if pixels is not None]
        tally.add(scene.name, segment_image(segmenter, scene.image), foreground.long(), scene.part, truth)
        categories |= {item.part_category for item in scene.objects if item.part_category is not None}
    if not tally.images:
        raise DataError("no validation scenes to judge on", file=data.data, mend="Name other data with --data.")
    match, left_out = tally.labels > 0 and len(categories) == 1, ""
    if tally.labels == 0:
        left_out = "No matching of parts: the scenes have no part maps."
    elif not match:
        count = len(categories)
        left_out = f"No matching of parts: they are of {count} categories, whose part ids differ in meaning."
    names = dataset.part_names.get(next(iter(categories)), ()) if match else ()
    cards = part_map_cards(tally.scores(match=match), segmenter.part_names, facts, names)
    return Judged(cards, (left_out,) if left_out else ())
