"""Semantic segmenters: a network file, and the class map of its channels.

A class that no channel stands for cannot be found in an image, so its pixels do not count (iPOSE sec. 4.1, GroupDNet
sec. 4.3: mIoU over the segmenter's own classes). Likewise the unknown class, and those that the user ignores.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Int64, UInt8
from torch import Tensor
from torch.nn import functional as F

from ipose.data.specs import load_spec, spec_names
from ipose.errors import ConfigError, DataError
from ipose.evaluation.feature_networks import load_network_file, network_of_run
from ipose.images import image_float
from ipose.label_spec import LabelSpec
from ipose.model_folder import sha256_of
from ipose.segmentation.saved import CLASS_MAP, PART_MAP
from ipose.whole_files import read_json

CITYSCAPES = "cityscapes-trainids"
"""Spec of the classes that segmenters of Cityscapes are trained on, for label maps with all ids, too."""


@dataclass(frozen=True)
class ClassMap:
    """What the channels of a segmenter stand for."""

    name: str
    ids: tuple[int, ...]

    def ignored(self, spec: LabelSpec, more: Sequence[int] = ()) -> tuple[int, ...]:
        """Class ids that do not count: without a channel, the spec's unknown one, and `more`. Ascending."""
        silent = set(range(spec.num_classes)) - set(self.ids)
        unknown = () if spec.unknown is None else (spec.unknown,)
        return tuple(sorted({*silent, *more, *unknown}))


def class_maps(spec: LabelSpec, source: Path | None = None) -> list[ClassMap]:
    """The class maps that a segmenter for a spec may have; the number of its channels decides.

    Args:
        source: the one class map: a JSON list of class names or of ids of the label files, a channel each; or the name
            of a built-in spec, whose classes the channels are, in order, without its unknown one. None = the classes of
            `spec` in order; the same without its unknown class; for Cityscapes, its 19 train classes.
    Raises:
        DataError: no such list, or a class that `spec` does not have.
    """
    if source is not None:
        return [_class_map(spec, source)]
    every = ClassMap(f"{spec.name}, all classes", tuple(range(spec.num_classes)))
    trained = load_spec(CITYSCAPES)
    if not set(_known_names(trained)) <= {item.name for item in spec.classes}:
        trained = spec
    known = ClassMap(trained.name, _ids_of(_known_names(trained), spec, trained.name))
    return [every] if len(known.ids) == spec.num_classes else [every, known]


def classes_named(words: Sequence[str], spec: LabelSpec) -> tuple[int, ...]:
    """Class ids of names, or of ids of the label files. Raises ConfigError if the spec has no such class.

    Example:
        >>> classes_named(("person", "255"), load_spec("coco-stuff"))
        (1, 0)
    """
    known = {item.name: i for i, item in enumerate(spec.classes)}
    known |= {str(item.file_id): i for i, item in enumerate(spec.classes)}
    if strangers := [word for word in words if word not in known]:
        what, found = f"no class of {spec.name!r}", ", ".join(map(repr, strangers))
        raise ConfigError(what, field="ignore", found=found, expected="names of classes, or ids as in the label files")
    return tuple(known[word] for word in words)


def _class_map(spec: LabelSpec, source: Path) -> ClassMap:
    if str(source) in spec_names():
        return ClassMap(str(source), _ids_of(_known_names(load_spec(source)), spec, source))
    expected = "a JSON list of class names or ids, or a name: " + ", ".join(spec_names())
    try:
        entries = read_json(source)
    except (OSError, ValueError) as error:
        raise DataError("no class map", file=source, found=str(error), expected=expected) from error
    if not isinstance(entries, list) or not entries:
        raise DataError("no class map", file=source, found=type(entries).__name__, expected=expected)
    return ClassMap(source.name, _ids_of(entries, spec, source))


def _known_names(spec: LabelSpec) -> list[str]:
    return [item.name for i, item in enumerate(spec.classes) if i != spec.unknown]


def _ids_of(entries: Sequence[Any], spec: LabelSpec, source: Path | str) -> tuple[int, ...]:
    """Class ids of names (text) and of ids of the label files (whole numbers)."""
    known: dict[Any, int] = {item.name: i for i, item in enumerate(spec.classes)}
    known |= {item.file_id: i for i, item in enumerate(spec.classes)}
    if strangers := [entry for entry in entries if type(entry) not in (str, int) or entry not in known]:
        what, expected = f"no class of {spec.name!r}", ", ".join([item.name for item in spec.classes][:12])
        mend = "Name for each channel the class that it stands for."
        raise DataError(what, file=source, found=", ".join(map(repr, strangers[:4])), expected=expected, mend=mend)
    return tuple(known[entry] for entry in entries)


class Segmenter:
    """Gives the class id of each pixel of an image.

    `label` names the network; `way` also tells class maps, ignored classes and input size apart, for stored scores.

    Args:
        path: TorchScript or torch.export (.pt2) file. It takes float32 (b, 3, h, w) in [-1, 1] and gives logits
            (b, channels, h2, w2), as one tensor or under the key "out". They are resized to the image bilinearly.
        maps: what the channels may stand for; their number, in the first answer, decides.
        input_size: (height, width) that images are resized to for the network, bilinearly; None = their own.
        parts: part id of each channel, 0 = none; None = it does not tell parts apart.
    Raises:
        MissingWeightsError: no network in the file.
    """

    def __init__(
        self,
        path: Path,
        maps: Sequence[ClassMap],
        *,
        ignored: Sequence[int] = (),
        input_size: tuple[int, int] | None = None,
        device: str = "cpu",
        parts: Sequence[int] | None = None,
    ) -> None:
        self.parts = None if parts is None else torch.tensor(parts)
        self._network = load_network_file(path, device)
        self.label = f"{path.stem}@{sha256_of(path)[:12]}"
        said = repr((tuple(maps), tuple(ignored), input_size)).encode()
        self.way = f"{self.label}, own classes alone {hashlib.sha256(said).hexdigest()[:8]}"
        self.input_size, self._maps, self._ignored, self._device = input_size, tuple(maps), tuple(ignored), device

    def __call__(self, image: UInt8[Tensor, "3 h w"]) -> Int64[Tensor, "h w"]:
        """Segment one image; the result is on the CPU. Raises ConfigError if the network gives another output."""
        return self.regions(image)[0]

    def regions(self, image: UInt8[Tensor, "3 h w"]) -> tuple[Int64[Tensor, "h w"], Int64[Tensor, "h w"] | None]:
        """Class and part of each pixel. The part is None for a segmenter that does not tell parts apart."""
        logits = self._logits(image)
        ids = torch.tensor(self._chosen(logits).ids)
        logits = F.interpolate(logits.float(), tuple(image.shape[1:]), mode="bilinear", align_corners=False)
        channel = logits.argmax(1)[0].cpu()
        return ids[channel], None if self.parts is None else self.parts[channel]

    @property
    def channels(self) -> str:
        """What the channels stand for, in words. Known after the first image."""
        (chosen,) = self._maps
        return f"channels as {chosen.name}"

    def ignored(self, spec: LabelSpec) -> tuple[int, ...]:
        """Class ids that do not count. Known after the first image."""
        (chosen,) = self._maps
        return chosen.ignored(spec, self._ignored)

    def _logits(self, image: UInt8[Tensor, "3 h w"]) -> Tensor:
        seen = image_float(image[None].to(self._device))
        if self.input_size is not None:
            seen = F.interpolate(seen, self.input_size, mode="bilinear", align_corners=False)
        with torch.no_grad():
            try:
                answer: Any = self._network(seen)
            except RuntimeError as error:
                what = f"the segmenter {self.label} cannot be applied to this image"
                found = f"{tuple(image.shape)}: {str(error).strip().splitlines()[-1]}"
                raise ConfigError(what, found=found, expected="float32 (1, 3, h, w) in [-1, 1] to be taken") from error
        logits = answer["out"] if isinstance(answer, dict) else answer
        if not isinstance(logits, Tensor):
            raise self._other_form(type(logits).__name__)
        return logits

    def _chosen(self, logits: Tensor) -> ClassMap:
        """The class map for these channels. The first answer decides for all."""
        fitting = [item for item in self._maps if logits.ndim == 4 and logits.shape[:2] == (1, len(item.ids))]
        if not fitting:
            raise self._other_form(tuple(logits.shape))
        if len(self._maps) > 1:
            chosen = fitting[0]
            self._maps = (ClassMap(f"{chosen.name}, by their number ({len(chosen.ids)})", chosen.ids),)
        return fitting[0]

    def _other_form(self, found: object) -> ConfigError:
        channels = " or ".join(str(len(item.ids)) for item in self._maps)
        what = f"the segmenter {self.label} answers in another form"
        mend = "Give the class of each of its channels with --class-map."
        return ConfigError(what, found=found, expected=f"logits (1, c, h, w), c = {channels}", mend=mend)


def load_segmenter(
    path: Path,
    spec: LabelSpec,
    class_map: Path | None = None,
    device: str = "cpu",
    *,
    ignore: Sequence[str] = (),
    input_size: tuple[int, int] | None = None,
) -> Segmenter:
    """Load a segmenter for the classes of a spec.

    Args:
        path: network file, or a run of `ipose train segmenter` (or its model folder), which has a class map.
        class_map: as for `class_maps`; None = the run's own, or what fits the number of channels.
        ignore: classes that do not count: names, or ids as in the label files.
        input_size: (height, width) that images are resized to for the network; None = their own.
    Raises:
        MissingWeightsError: no network there.
        DataError: the class map cannot be read, or names classes that the spec does not have.
        ConfigError: a class to ignore that the spec does not have.
    """
    ignored = classes_named(ignore, spec)
    parts = None
    if path.is_dir():
        path = network_of_run(path)
        class_map, part_map = class_map or path.with_name(CLASS_MAP), path.with_name(PART_MAP)
        parts = read_json(part_map) if part_map.is_file() else None
    maps = class_maps(spec, class_map)
    return Segmenter(path, maps, ignored=ignored, input_size=input_size, device=device, parts=parts)
