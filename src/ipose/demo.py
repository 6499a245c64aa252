"""`ipose demo`: PartNet and the generator trained on PartWorld in minutes, and a report to look at."""

import math
import time
from collections.abc import Sequence
from pathlib import Path

from ipose.data.data_config import DataConfig
from ipose.data.open_data import PartData, open_scenes, open_spec
from ipose.data.part_pairs import pairs_from_scenes
from ipose.errors import RunError
from ipose.partnet import presets as partnet_presets
from ipose.partnet.pretrained import load_partnet
from ipose.partnet.scene_parts import RememberedParts
from ipose.reports.blocks import environment_facts
from ipose.reports.page import ReportContent, Section, write_report
from ipose.synthesis import presets as synthesis_presets
from ipose.systems.ipose.page import scene_section
from ipose.systems.ipose.training import (
    FrozenParts,
    SynthesisJob,
    SynthesisResult,
    fit_config,
    run_synthesis_job,
    synthesis_train_config,
)
from ipose.systems.partnet.page import part_sections
from ipose.systems.partnet.training import PartNetJob, PartNetResult, run_partnet_job, train_config
from ipose.systems.reporting import curves_section, partnet_settings, synthesis_settings
from ipose.types import Scene

SIZE = (64, 64)
BASIS = ("car", "dog", "human", "tvmonitor")
NOVEL = ("cat", "stop sign")
LIMITS = (
    "Minutes on a CPU where the paper takes days on GPUs: 64x64 images, narrow networks, no CLIP style loss. "
    "The tables above say where settings leave the paper."
)
UNBOUNDED = 1_000_000
"""Steps, where the clock decides."""


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

    Args:
        folder: a new or empty folder.
        partnet_minutes: for PartNet; synthesis_minutes for the other two.
        synthesis_minutes: see `partnet_minutes`.
        seed: of everything.
    Returns:
        the path of report.html.
    Raises:
        RunError: the folder holds something.
    """
    if folder.exists() and any(folder.iterdir()):
        raise RunError(
            "the demo needs a new folder", file=folder, mend="Name another one with --out, or remove this one."
        )
    started, data = time.monotonic(), demo_data(seed)
    print("1/4  Drawing scenes of PartWorld ...")
    scenes, val = list(open_scenes(data, "train", SIZE)), list(open_scenes(data, "val", SIZE))
    print(f"2/4  Training PartNet for {partnet_minutes:g} minutes: parts from shapes ...")
    parts, part_job = _train_parts(folder / "partnet", data, scenes, val, partnet_minutes, seed)
    print(f"3/4  Training the generator for {synthesis_minutes:g} minutes: images from labels and parts ...")
    images, image_job = _train_images(folder, data, scenes, val, synthesis_minutes, seed)
    print("4/4  Writing the report ...")
    report = _report(folder, parts, part_job, images, image_job, time.monotonic() - started)
    print(f"\n{parts.evaluation.table()}\n")
    print(f"Done in {(time.monotonic() - started) / 60:.1f} minutes. Open {report.resolve()}")
    return report


def _train_parts(
    folder: Path, data: DataConfig, scenes: Sequence[Scene], val: Sequence[Scene], minutes: float, seed: int
) -> tuple[PartNetResult, PartNetJob]:
    spec = open_spec(data)
    names = {name: spec.part_names[name] for name in data.categories or ()}
    pairs = PartData(pairs_from_scenes(scenes, spec.labels), pairs_from_scenes(val, spec.labels), names, NOVEL)
    config = partnet_presets.preset("toy")
    job = PartNetJob(
        config=config,
        data=data,
        train=train_config(
            config,
            steps=UNBOUNDED,
            max_minutes=minutes,
            decay_by="clock",
            precision="bf16",
            seed=seed,
            log_every=10,
            sample_every=UNBOUNDED,
            checkpoint_every=UNBOUNDED,
            tensorboard=False,
        ),
    )
    return run_partnet_job(job, folder, data=pairs, device="cpu"), job


def _train_images(
    folder: Path, data: DataConfig, scenes: Sequence[Scene], val: Sequence[Scene], minutes: float, seed: int
) -> tuple[SynthesisResult, SynthesisJob]:
    config = synthesis_presets.preset("toy", height=SIZE[0], width=SIZE[1], flip=False)
    train = synthesis_train_config(
        config,
        len(scenes),
        steps=UNBOUNDED,
        max_minutes=minutes,
        schedule="cosine",
        decay_by="clock",
        seed=seed,
        log_every=20,
        sample_every=UNBOUNDED,
        checkpoint_every=UNBOUNDED,
        tensorboard=False,
    )
    job = SynthesisJob(config=config, data=data, train=train, partnet=folder / "partnet")
    trained = load_partnet(folder / "partnet")
    frozen = FrozenParts(trained, fit_config(config, open_spec(data).labels, trained))
    remembered = RememberedParts(frozen, config.part_input)  # 500 scenes, none mirrored: each asked for once
    result = run_synthesis_job(job, folder / "synthesis", scenes=scenes, val=val, infer_parts=remembered, device="cpu")
    return result, job


def _report(
    folder: Path,
    parts: PartNetResult,
    part_job: PartNetJob,
    images: SynthesisResult,
    image_job: SynthesisJob,
    seconds: float,
) -> Path:
    novel_ids = {i for i, item in enumerate(images.model.spec.classes) if item.part_category in NOVEL}
    with_novel = [scene for scene in images.val if any(item.class_id in novel_ids for item in scene.objects)]
    basis_only = [scene for scene in images.val if scene not in with_novel]
    content = ReportContent(
        title="ipose demo",
        lead=f"iPOSE, trained from nothing on PartWorld in {math.ceil(seconds / 60)} minutes: PartNet for "
        f"{parts.trained.step} steps, then generator and discriminator for {images.trained.step}.",
        sections=[
            scene_section(
                "Label map in, image out",
                "Validation scenes, which no network has seen. PartNet infers each object's parts from its silhouette; "
                "the generator paints them. The two seeds differ in noise alone.",
                images.model,
                basis_only[:8],
            ),
            scene_section(
                "Novel categories in scenes",
                "Cat and stop sign: PartNet was never trained on their parts; the generator has seen their images.",
                images.model,
                with_novel[:6],
            ),
            *part_sections(parts),
            curves_section(parts.run, "PartNet's training"),
            curves_section(images.run, "The generator's and discriminator's training"),
            partnet_settings(part_job.config),
            synthesis_settings(images.model.synthesis),
            Section(
                "Limits",
                "Minutes on a CPU where the paper takes days on GPUs: 64x64 images, narrow networks, no CLIP "
                "style loss. The tables above say where settings leave the paper.",
            ),
        ],
        facts=environment_facts("ipose demo"),
    )
    return write_report(folder / "report.html", content)
