r"""`ipose demo --train`: train PartNet and the generator on PartWorld in minutes, and write a report.

These two commands make the same runs:

    ipose train partnet --out ipose-trained/partnet --preset toy \
      --scenes 500 --val-scenes 80 --scene-size 64 --categories car dog human tvmonitor cat "stop sign" \
      --objects 1 2 --object-scale 0.6 0.95 --device cpu --precision bf16 --max-minutes 2.5 --schedule-by-clock \
      --steps 1000000 --log-every 10 --checkpoint-every 1000000 --sample-every 1000000
    ipose train synthesis --out ipose-trained/synthesis --partnet ipose-trained/partnet --preset toy --no-flip \
      --scenes 500 --val-scenes 80 --scene-size 64 --categories car dog human tvmonitor cat "stop sign" \
      --objects 1 2 --object-scale 0.6 0.95 --device cpu --precision bf16 --max-minutes 4 --schedule cosine \
      --schedule-by-clock --steps 1000000 --log-every 20 --checkpoint-every 1000000 --sample-every 1000000
"""

import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ipose.data.data_config import DataConfig
from ipose.data.open_data import PartData, open_scenes, open_spec
from ipose.data.part_pairs import pairs_from_scenes
from ipose.demo import check_new
from ipose.pipeline import IPose
from ipose.reports.blocks import curves_figure, environment_facts
from ipose.reports.page import ReportContent, Section, write_report
from ipose.synthesis import presets as synthesis_presets
from ipose.systems.ipose.page import scene_section, synthesis_settings
from ipose.systems.ipose.record import SYSTEM as IPOSE
from ipose.systems.ipose.record import IPoseOptions
from ipose.systems.partnet.page import JudgedPartNet, part_sections, partnet_settings
from ipose.systems.partnet.record import SYSTEM as PARTNET
from ipose.systems.training import Task, Trained, train_system
from ipose.training.metrics import read_metrics
from ipose.training.run import Run
from ipose.types import Scene

SIZE = (64, 64)
BASIS = ("car", "dog", "human", "tvmonitor")
NOVEL = ("cat", "stop sign")
UNBOUNDED = 1_000_000
"""Number of steps, if the clock decides when to stop."""


def demo_data(seed: int) -> DataConfig:
    """Scenes of one or two large objects of four basis and two novel categories, 64x64."""
    return DataConfig(
        scenes=500,
        val_scenes=80,
        scene_size=SIZE[0],
        categories=BASIS + NOVEL,
        objects=(1, 2),
        object_scale=(0.6, 0.95),
        world_seed=seed,
    )


def run_demo(folder: Path, partnet_minutes: float, synthesis_minutes: float, seed: int = 0) -> Path:
    """Train both networks and write the report.

    Raises:
        RunError: the folder is not empty.
    """
    check_new(folder)
    started, data = time.monotonic(), demo_data(seed)
    print("1/4  Drawing scenes of PartWorld ...")
    scenes, val = list(open_scenes(data, "train", SIZE)), list(open_scenes(data, "val", SIZE))
    print(f"2/4  Training PartNet for {partnet_minutes:g} minutes: parts from shapes ...")
    pairs = _pairs(data, scenes, val)
    parts = _train_parts(folder / "partnet", data, pairs, partnet_minutes, seed)
    print(f"3/4  Training the generator for {synthesis_minutes:g} minutes: images from labels and parts ...")
    images = _train_images(folder, data, scenes, val, synthesis_minutes, seed)
    print("4/4  Writing the report ...")
    judged = JudgedPartNet(parts.model, pairs)
    report = _report(folder, parts, judged, images, val, time.monotonic() - started)
    print(f"\n{judged.evaluation.table()}\n")
    print(f"Done in {(time.monotonic() - started) / 60:.1f} minutes. Open {report.resolve()}")
    return report


def _pairs(data: DataConfig, scenes: Sequence[Scene], val: Sequence[Scene]) -> PartData:
    spec = open_spec(data)
    names = {name: spec.part_names[name] for name in data.categories or ()}
    return PartData(pairs_from_scenes(scenes, spec.labels), pairs_from_scenes(val, spec.labels), names, NOVEL)


def _loop(minutes: float, seed: int, **more: Any) -> dict[str, Any]:
    """Settings of the loop: a time in minutes, in bf16, and no checkpoints or sheets before the end."""
    return {
        "steps": UNBOUNDED,
        "max_minutes": minutes,
        "decay_by": "clock",
        "precision": "bf16",
        "seed": seed,
        "sample_every": UNBOUNDED,
        "checkpoint_every": UNBOUNDED,
        "tensorboard": False,
        **more,
    }


def _train_parts(folder: Path, data: DataConfig, pairs: PartData, minutes: float, seed: int) -> Trained:
    task = Task(system=PARTNET, config=PARTNET.default_config("toy"), data=data)
    return train_system(task, folder, loop=_loop(minutes, seed, log_every=10), data=pairs, device="cpu")


def _train_images(
    folder: Path, data: DataConfig, scenes: Sequence[Scene], val: Sequence[Scene], minutes: float, seed: int
) -> Trained:
    config = synthesis_presets.preset("toy", height=SIZE[0], width=SIZE[1], flip=False)
    task = Task(system=IPOSE, config=config, data=data, options=IPoseOptions(partnet=folder / "partnet"))
    loop = _loop(minutes, seed, schedule="cosine", log_every=20)
    given: dict[str, Any] = {"scenes": scenes, "val": val}
    return train_system(task, folder / "synthesis", loop=loop, device="cpu", **given)


def _curves(run: Run, title: str) -> Section:
    records = read_metrics(run.metrics)
    return Section(title, "", [curves_figure(records)] if records else [])


def _report(
    folder: Path, parts: Trained, judged: JudgedPartNet, images: Trained, val: Sequence[Scene], seconds: float
) -> Path:
    model: IPose = images.model
    novel_ids = {i for i, item in enumerate(model.spec.classes) if item.part_category in NOVEL}
    with_novel = [scene for scene in val if any(item.class_id in novel_ids for item in scene.objects)]
    basis_only = [scene for scene in val if scene not in with_novel]
    content = ReportContent(
        title="ipose demo --train",
        lead=f"iPOSE, trained from nothing on PartWorld in {math.ceil(seconds / 60)} minutes: PartNet for "
        f"{parts.result.step} steps, then generator and discriminator for {images.result.step}.",
        sections=[
            scene_section(
                "Label map in, image out",
                "Validation scenes, which no network was trained on. PartNet infers each object's parts from its "
                "silhouette, and the generator paints them. The two seeds differ only in noise.",
                model,
                basis_only[:8],
            ),
            scene_section(
                "Novel categories in scenes",
                "Cat and stop sign: PartNet was not trained on their parts. The generator was trained on their images.",
                model,
                with_novel[:6],
            ),
            *part_sections(judged),
            _curves(parts.run, "PartNet's training"),
            _curves(images.run, "The generator's and discriminator's training"),
            partnet_settings(parts.prepared.config),
            synthesis_settings(model.synthesis),
            Section(
                "Limits",
                "The demo trains for minutes on a CPU, the paper for days on GPUs. So images are 64x64, networks are "
                "narrow, and there is no CLIP style loss. The tables above list all settings that differ.",
            ),
        ],
        facts=environment_facts("ipose demo --train"),
    )
    return write_report(folder / "report.html", content)
