"""Training a semantic segmenter on the photographs and label maps of a data set, and its eval cards."""

from collections.abc import Iterator, Sequence
from functools import partial

import torch
from PIL import Image
from torch import Tensor

from ipose.data.batch_sources import SceneSource
from ipose.data.data_config import DataConfig
from ipose.data.open_data import checked_scenes, open_scenes, open_spec
from ipose.data.scene_folder import SceneFolder
from ipose.errors import DataError
from ipose.evaluation.card_folder import card_facts, model_facts
from ipose.evaluation.image_cards import semantic_cards
from ipose.evaluation.image_pairs import DataMaps
from ipose.evaluation.image_sets import ScenePhoto
from ipose.evaluation.judges import EvaluateOptions
from ipose.evaluation.segmenters import load_segmenter
from ipose.evaluation.semantic_metrics import semantic_confusion, semantic_scores
from ipose.label_spec import LabelSpec
from ipose.model_folder import open_model
from ipose.reports.contact_sheet import Tile, TileRow, contact_sheet
from ipose.reports.figures import label_picture, photo
from ipose.segmentation.objective import SegmenterObjective
from ipose.segmentation.regions import Regions
from ipose.segmentation.saved import save_semantic_segmenter
from ipose.segmentation.segmenter import SemanticSegmenter
from ipose.segmentation.segmenter_config import SegmenterConfig
from ipose.systems.judging import Judged, data_of, evaluate_run
from ipose.systems.scene_models import ChangedScenes
from ipose.systems.training import Prepared, Task, Trained, loop_of_epochs
from ipose.training.averaging import reestimate_batch_norm
from ipose.training.batches import BatchSource
from ipose.training.run import Run
from ipose.training.snapshot import Snapshot
from ipose.types import Scene, SceneBatch

SHEET_SCENES = 6
RE_ESTIMATION_PASSES = 20
"""Number of batches for the batch-norm statistics. Those of training are for older weights."""


def prepare(
    task: Task, *, seed: int, resume: bool, scenes: Sequence[Scene] | None = None, source: BatchSource | None = None
) -> Prepared:
    """Prepare a segmenter on scenes. `ipose evaluate --segmenter` uses its model folder.

    Args:
        scenes: the open training scenes. None = opened from the task's data.
        source: of batches (`ipose.segmentation.objective.SegmentationBatch`). None = the scenes.
    """
    config: SegmenterConfig = task.config
    opened, size = open_spec(task.data), (config.height, config.width)
    spec, parts = opened.labels, tuple[int, ...]()
    names = [item.name for item in spec.classes]
    scenes = checked_scenes(task.data, size) if scenes is None else scenes
    val = open_scenes(task.data, "val", size)
    if config.parts:
        regions = Regions(spec, opened.part_names)
        names, parts = [names[i] for i, _ in regions.pairs], tuple(part for _, part in regions.pairs)
        _check_part_maps(scenes, val)
        spec = regions.region_spec
        scenes, val = ChangedScenes(scenes, regions.scene), ChangedScenes(val, regions.scene)
    torch.manual_seed(seed)
    segmenter = SemanticSegmenter(config, spec.num_classes)
    segmenter.to(memory_format=torch.channels_last)  # the results are the same; CPUs are a fifth faster
    return Prepared(
        config=config,
        objective=SegmenterObjective(segmenter, config, spec.unknown),
        source=source or SceneSource(scenes, flip=config.flip),
        about=f"{len(scenes)} scenes of {task.data.data}",
        loop=loop_of_epochs(config, len(scenes), schedule="cosine"),
        model=partial(_network, scenes=scenes),
        save=lambda network, folder: save_semantic_segmenter(folder, network, names, parts),
        show=partial(_sheet, scenes=[val[i] for i in range(min(SHEET_SCENES, len(val)))], spec=spec),
        measure=partial(_measured, scenes=val, spec=spec),
    )


def _check_part_maps(*splits: Sequence[Scene]) -> None:
    for scenes in splits:
        if len(scenes) and scenes[0].part is None:
            message, found = "a segmenter of parts needs part maps", f"scene {scenes[0].name!r} without one"
            mend = "Give the data part maps (ipose build-parts), or leave out --parts."
            raise DataError(message, found=found, expected="{train,val}_part/ beside the label maps", mend=mend)


def _network(snapshot: Snapshot, *, scenes: Sequence[Scene]) -> SemanticSegmenter:
    """The network of a step, with batch-norm statistics of its present weights."""
    network = snapshot.network_as(SemanticSegmenter, "segmenter")
    count, device = network.config.batch_size, next(network.parameters()).device
    passes = iter(range(RE_ESTIMATION_PASSES))

    def forward() -> None:
        first = next(passes) * count
        image = SceneBatch.from_scenes([scenes[(first + i) % len(scenes)] for i in range(count)]).image
        assert image is not None
        network(image.to(device))

    reestimate_batch_norm(network, forward, passes=RE_ESTIMATION_PASSES)
    return network


@torch.no_grad()
def _measured(network: SemanticSegmenter, metric: str, *, scenes: Sequence[Scene], spec: LabelSpec) -> float:
    """mIoU or pixel accuracy on all validation photographs, without pixels of the unknown class."""
    device = next(network.parameters()).device
    ignored = [] if spec.unknown is None else [spec.unknown]

    def pairs() -> Iterator[tuple[Tensor, Tensor]]:
        for i in range(len(scenes)):
            scene = scenes[i]
            image = SceneBatch.from_scenes([scene]).image
            assert image is not None  # training data have photographs
            yield network(image.to(device)).argmax(1)[0].cpu(), scene.label

    scores = semantic_scores(semantic_confusion(pairs(), spec.num_classes), ignored)
    return float(getattr(scores, metric))


@torch.no_grad()
def _sheet(network: SemanticSegmenter, title: str, *, scenes: Sequence[Scene], spec: LabelSpec) -> Image.Image:
    """A sheet: photograph, true classes, found classes."""
    rows, device = [], next(network.parameters()).device
    for scene in scenes:
        image = SceneBatch.from_scenes([scene]).image
        assert scene.image is not None  # training data have photographs
        assert image is not None
        found = network(image.to(device)).argmax(1)[0].cpu()
        tiles = [
            Tile(photo(scene.image), "photograph"),
            Tile(label_picture(scene.label, spec), "true"),
            Tile(label_picture(found, spec), "found"),
        ]
        rows.append(TileRow(tiles, heading=scene.name))
    return contact_sheet(rows, title)


def judge(run: Run, data: DataConfig | None, options: EvaluateOptions, name: str) -> Judged:
    """Cards of mIoU and pixel accuracy on validation photographs."""
    data = data or data_of(run)
    spec, trained = open_spec(data).labels, open_model(run.folder).config["segmenter_config"]
    val = open_scenes(data, options.split, (trained["height"], trained["width"]))
    names = val.names if isinstance(val, SceneFolder) else [val[i].name for i in range(len(val))]
    photos = [ScenePhoto(val, i, name) for i, name in enumerate(names[: options.limit])]
    maps = DataMaps(val, {name: i for i, name in enumerate(names)}, spec)
    facts = card_facts(data.data, data.data, model_facts(run))
    segmenter = load_segmenter(run.folder, spec, device=options.device)
    return Judged(semantic_cards(segmenter, maps, photos, facts, protocol="photographs"))


def finish(trained: Trained) -> Iterator[str]:
    """The cards of a finished training, a line each."""
    result = evaluate_run(trained.run.folder)
    for card, path in zip(result.cards, result.files, strict=True):
        yield f"{path}: {card.line()}"
