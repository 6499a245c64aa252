"""Semantic segmenters: a network file, and the class of each of its channels."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Int64, UInt8
from torch import Tensor
from torch.nn import functional as F

from ipose.errors import ConfigError, MissingWeightsError
from ipose.evaluation.class_maps import ClassMap, class_maps, classes_named
from ipose.evaluation.network_files import load_network_file
from ipose.images import image_float
from ipose.label_spec import LabelSpec
from ipose.model_folder import sha256_of
from ipose.segmentation.saved import CLASS_MAP, SCRIPT


class Segmenter:
    """Gives the class id of each pixel of an image.

    `label` names the network; `way` also tells class maps, ignored classes and input size apart, for stored scores.

    Args:
        path: TorchScript or torch.export (.pt2) file. It takes float32 (b, 3, h, w) in [-1, 1] and gives logits
            (b, channels, h2, w2), as one tensor or under the key "out". They are resized to the image bilinearly.
        maps: what the channels may stand for; their number, in the first answer, decides.
        ignored: class ids that the user ignores.
        input_size: (height, width) that images are resized to for the network, bilinearly; None = their own.
        device: to compute on.
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
    ) -> None:
        self._network = load_network_file(path, device)
        self.label = f"{path.stem}@{sha256_of(path)[:12]}"
        said = repr((tuple(maps), tuple(ignored), input_size)).encode()
        self.way = f"{self.label}, own classes alone {hashlib.sha256(said).hexdigest()[:8]}"
        self.input_size, self._maps, self._ignored, self._device = input_size, tuple(maps), tuple(ignored), device

    def __call__(self, image: UInt8[Tensor, "3 h w"]) -> Int64[Tensor, "h w"]:
        """Segment one image; the result is on the CPU. Raises ConfigError if the network gives another output."""
        logits = self._logits(image)
        ids = torch.tensor(self._chosen(logits).ids)
        logits = F.interpolate(logits.float(), tuple(image.shape[1:]), mode="bilinear", align_corners=False)
        return ids[logits.argmax(1)[0].cpu()]

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
                raise ConfigError(
                    f"the segmenter {self.label} cannot be applied to this image",
                    found=f"{tuple(image.shape)}: {str(error).strip().splitlines()[-1]}",
                    expected="float32 (1, 3, h, w) in [-1, 1] to be taken",
                ) from error
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
        return ConfigError(
            f"the segmenter {self.label} answers in another form",
            found=found,
            expected=f"logits (1, c, h, w), c = {channels}",
            mend="Give the class of each of its channels with --class-map.",
        )


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
        spec: of the label maps.
        class_map: as for `class_maps`; None = the run's own, or what fits the number of channels.
        device: to compute on.
        ignore: classes that do not count: names, or ids as in the label files.
        input_size: (height, width) that images are resized to for the network; None = their own.
    Raises:
        MissingWeightsError: no network there.
        DataError: the class map cannot be read, or names classes that the spec does not have.
        ConfigError: a class to ignore that the spec does not have.
    """
    ignored = classes_named(ignore, spec)
    if path.is_dir():
        folder = next((place for place in (path, path / "model") if (place / SCRIPT).is_file()), None)
        if folder is None:
            raise MissingWeightsError(
                "no segmenter in this folder",
                file=path,
                expected=f"a run with model/{SCRIPT}",
                mend="Train one with ipose train segmenter, or name a network file.",
            )
        path, class_map = folder / SCRIPT, class_map or folder / CLASS_MAP
    return Segmenter(path, class_maps(spec, class_map), ignored=ignored, input_size=input_size, device=device)
