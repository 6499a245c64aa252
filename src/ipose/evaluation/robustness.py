"""Eval cards of protocol "robustness": what faults in label maps, as users' maps have them, do to images and parts.

Ours: no paper measures it. Each noise gives a scene again, with other maps and the objects that these show.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from statistics import fmean
from typing import Any

import torch
from jaxtyping import Float, Int64, UInt8
from scipy.ndimage import distance_transform_edt
from torch import Tensor
from torch.nn import functional as F

from ipose.data.object_index import index_objects
from ipose.data.parallel import progress_bar
from ipose.data.scene_maps import component_instances
from ipose.errors import ConfigError, DataError
from ipose.evaluation.control import EditedPair, region_l1
from ipose.evaluation.eval_card import EvalCard
from ipose.evaluation.judges import ROBUSTNESS
from ipose.label_spec import LabelSpec
from ipose.seeds import named_generator
from ipose.types import Scene

Paint = Callable[[Scene, int], tuple[Float[Tensor, "3 h w"], UInt8[Tensor, "h w"]]]
"""(scene, seed) to the image in [-1, 1] and the part of each pixel, 0 = none."""

Noise = Callable[[Scene], Scene]

Segment = Callable[[UInt8[Tensor, "3 h w"]], Int64[Tensor, "h w"]]
"""`ipose.evaluation.segmenters.Segmenter`, say."""

JITTERS_PX = (1, 2, 3, 4)
WAVE_PX = 8
"""About how far apart the borders' bulges are."""


def jittered(scene: Scene, spec: LabelSpec, shift_px: int, seed: int = 0) -> Scene:
    """The scene with wavy borders: each pixel has the labels of one at most `shift_px` rows and columns away."""
    height, width = scene.size
    knots = (1, 2, height // WAVE_PX + 2, width // WAVE_PX + 2)
    moves = 2 * torch.rand(knots, generator=named_generator(seed, scene.name)) - 1
    moves = (shift_px * F.interpolate(moves, (height, width), mode="bilinear", align_corners=True)[0]).round().long()
    rows = (torch.arange(height)[:, None] + moves[0]).clamp(0, height - 1)
    return _taken_from(scene, spec, rows, (torch.arange(width) + moves[1]).clamp(0, width - 1))


def dropped(scene: Scene, spec: LabelSpec, seed: int = 0) -> Scene:
    """The scene without one of its classes, a thing if it has one: these pixels are of the unknown class, or, where the
    spec has none, as the nearest pixel of another class. A scene of one class stays."""
    shown = [i for i in scene.label.unique().tolist() if i != spec.unknown]
    shown = [i for i in shown if spec.classes[i].thing] or shown
    if not shown:
        return scene
    gone = scene.label == shown[int(torch.randint(len(shown), (1,), generator=named_generator(seed, scene.name)))]
    if spec.unknown is not None:
        label, instance = torch.where(gone, spec.unknown, scene.label), scene.instance.masked_fill(gone, 0)
        return _with_maps(scene, spec, label, instance, None if scene.part is None else scene.part.masked_fill(gone, 0))
    if gone.all():
        return scene
    nearest = torch.from_numpy(distance_transform_edt(gone.numpy(), return_distances=False, return_indices=True))
    return _taken_from(scene, spec, nearest[0].long(), nearest[1].long())


def merged(scene: Scene, spec: LabelSpec) -> Scene:
    """The scene, in which all objects of a class are one. Labels stay."""
    instance = scene.instance.clone()
    for class_id in {item.class_id for item in scene.objects}:
        ids = torch.tensor([item.instance_id for item in scene.objects if item.class_id == class_id], dtype=torch.int32)
        instance[(scene.label == class_id) & torch.isin(scene.instance, ids)] = ids.min()
    return _with_maps(scene, spec, scene.label, instance, scene.part)


def segmented(scene: Scene, spec: LabelSpec, segmenter: Segment) -> Scene:
    """The scene with the label map that a segmenter gives to its photograph; each connected piece is one object."""
    if scene.image is None:
        raise DataError("a segmenter reads photographs", file=scene.name, found="a scene without one")
    label = segmenter(scene.image)
    instance = torch.from_numpy(component_instances(label.numpy(), spec))
    return _with_maps(scene, spec, label, instance, scene.part)


def noises_of(spec: LabelSpec, seed: int = 0, segmenter: Segment | None = None) -> dict[str, Noise]:
    """All noises by name, as cards and figures have them. Same seed and scene, same noise."""
    found: dict[str, Noise] = {
        f"borders moved by up to {px} px": partial(jittered, spec=spec, shift_px=px, seed=seed) for px in JITTERS_PX
    }
    found |= {"a class dropped": partial(dropped, spec=spec, seed=seed), "objects merged": partial(merged, spec=spec)}
    return found | (
        {} if segmenter is None else {"maps of a segmenter": partial(segmented, spec=spec, segmenter=segmenter)}
    )


@dataclass(frozen=True)
class Robustness:
    """How answers change, by name of the noise: one value for each scene that the noise changes.

    Args:
        parts: share of the pixels with a part whose part is another one then, where the class stays.
        inside: mean absolute difference of the images where the class changes; 1 = black to white.
        outside: likewise where the class stays.
        seeds: likewise of two images of the same maps; one for each scene.
    """

    parts: dict[str, list[float]] = field(default_factory=dict)
    inside: dict[str, list[float]] = field(default_factory=dict)
    outside: dict[str, list[float]] = field(default_factory=dict)
    seeds: list[float] = field(default_factory=list)


def robustness(paint: Paint, scenes: Sequence[Scene], noises: Mapping[str, Noise], seed: int = 0) -> Robustness:
    """Paint each scene with its own maps and with noisy ones, from the same seed, and compare.

    Raises:
        ConfigError: no scene.
    """
    if not len(scenes):
        raise ConfigError("no scene to paint", field="scenes", found=0, expected="1 or more")
    found = Robustness()
    for i in progress_bar(range(len(scenes)), "painting with noisy maps"):
        scene = scenes[i]
        image, parts = paint(scene, seed)
        found.seeds.append(float((paint(scene, seed + 1)[0] - image).abs().mean() / 2))
        for name, noise in noises.items():
            noisy = noise(scene)
            if torch.equal(noisy.label, scene.label) and torch.equal(noisy.instance, scene.instance):
                continue
            other, other_parts = paint(noisy, seed)
            for side, value in region_l1(EditedPair(image, other, noisy.label != scene.label)).items():
                getattr(found, side).setdefault(name, []).append(value)
            if (known := (parts > 0) & (noisy.label == scene.label)).any():
                found.parts.setdefault(name, []).append(float((other_parts != parts)[known].double().mean()))
    return found


def robustness_cards(found: Robustness, facts: Mapping[str, Any]) -> list[EvalCard]:
    """One card a number: its value is the mean over the noises, its breakdown has each of them."""
    numbers = {"Parts changed outside": found.parts, "L1 outside": found.outside, "L1 inside": found.inside}
    cards = []
    for metric, values in numbers.items():
        if by_noise := {name: fmean(each) for name, each in values.items()}:
            scenes = ", ".join(f"{name} {len(each)}" for name, each in values.items())
            baselines = {} if values is found.parts else {"another seed, all pixels": fmean(found.seeds)}
            cards.append(
                EvalCard(
                    metric=f"{metric} noise of label maps",
                    value=fmean(by_noise.values()),
                    protocol=ROBUSTNESS,
                    resize="none",
                    counts={"scenes": len(found.seeds)},
                    baselines=baselines,
                    breakdown=by_noise,
                    notes=("inside: where the noise changes the class", f"scenes that the noise changes: {scenes}"),
                    **facts,
                )
            )
    return cards


def _taken_from(scene: Scene, spec: LabelSpec, rows: Tensor, columns: Tensor) -> Scene:
    part = None if scene.part is None else scene.part[rows, columns]
    return _with_maps(scene, spec, scene.label[rows, columns], scene.instance[rows, columns], part)


def _with_maps(scene: Scene, spec: LabelSpec, label: Tensor, instance: Tensor, part: Tensor | None) -> Scene:
    """The scene with other maps, and the objects that they show."""
    original_size = next((item.original_size for item in scene.objects), (1, 1))
    objects = index_objects(label, instance, spec, original_size=original_size)
    return replace(scene, label=label, instance=instance, objects=objects, part=part, unlabelled=())
