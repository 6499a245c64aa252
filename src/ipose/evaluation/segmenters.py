"""Semantic segmenters: a network file, and the class of each of its channels."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Int64, UInt8
from torch import Tensor
from torch.nn import functional as F

from ipose.errors import ConfigError, DataError, MissingWeightsError
from ipose.evaluation.network_files import load_network_file, sha256_of_file
from ipose.images import image_float
from ipose.label_spec import LabelSpec
from ipose.segmentation.saved import CLASS_MAP, SCRIPT
from ipose.whole_files import read_json


class Segmenter:
    """Gives the class id of each pixel of an image.

    Args:
        path: TorchScript or torch.export (.pt2) file. It takes float32 (b, 3, h, w) in [-1, 1] and gives logits
            (b, channels, h2, w2), as one tensor or under the key "out". They are resized to the image bilinearly.
        class_ids: class id of each channel of the network.
        device: to compute on.
    Raises:
        MissingWeightsError: no network in the file.
    """

    def __init__(self, path: Path, class_ids: Sequence[int], device: str = "cpu") -> None:
        self._network = load_network_file(path, device)
        self.label = f"{path.stem}@{sha256_of_file(path)[:12]}"
        self._class_ids, self._device = torch.tensor(list(class_ids)), device

    def __call__(self, image: UInt8[Tensor, "3 h w"]) -> Int64[Tensor, "h w"]:
        """Segment one image; the result is on the CPU. Raises ConfigError if the network gives another output."""
        with torch.no_grad():
            try:
                answer: Any = self._network(image_float(image[None].to(self._device)))
            except RuntimeError as error:
                raise ConfigError(
                    f"the segmenter {self.label} cannot be applied to this image",
                    found=f"{tuple(image.shape)}: {str(error).strip().splitlines()[-1]}",
                    expected="float32 (1, 3, h, w) in [-1, 1] to be taken",
                ) from error
        logits = answer["out"] if isinstance(answer, dict) else answer
        channels = len(self._class_ids)
        if not isinstance(logits, Tensor) or logits.ndim != 4 or logits.shape[:2] != (1, channels):
            raise ConfigError(
                f"the segmenter {self.label} answers in another form",
                found=tuple(logits.shape) if isinstance(logits, Tensor) else type(logits).__name__,
                expected=f"logits (1, {channels}, h, w)",
                mend="Give the class of each of its channels with --class-map.",
            )
        logits = F.interpolate(logits.float(), tuple(image.shape[1:]), mode="bilinear", align_corners=False)
        return self._class_ids[logits.argmax(1)[0].cpu()]


def load_segmenter(path: Path, spec: LabelSpec, class_map: Path | None = None, device: str = "cpu") -> Segmenter:
    """Load a segmenter for the classes of a spec.

    Args:
        path: network file, or a run of `ipose train segmenter` (or its model folder), which has a class map.
        spec: of the label maps.
        class_map: as for `read_class_map`; None = the run's own, or the spec's classes in order.
        device: to compute on.
    Raises:
        MissingWeightsError: no network there.
        DataError: the class map cannot be read, or names classes that the spec does not have.
    """
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
    return Segmenter(path, read_class_map(class_map, spec), device)


def read_class_map(path: Path | None, spec: LabelSpec) -> list[int]:
    """Class id of each channel of a segmenter.

    Args:
        path: JSON list with the class name of each channel; None = the spec's classes in order.
        spec: of the label maps.
    Raises:
        DataError: no such list, or a name that the spec does not have.
    """
    if path is None:
        return list(range(spec.num_classes))
    try:
        names = read_json(path)
    except (OSError, ValueError) as error:
        raise DataError("no class map", file=path, found=str(error), expected="a JSON list of class names") from error
    known = {item.name: i for i, item in enumerate(spec.classes)}
    if not isinstance(names, list) or not names:
        raise DataError("no class map", file=path, found=type(names).__name__, expected="a JSON list of class names")
    if strangers := [name for name in names if not isinstance(name, str) or name not in known]:
        raise DataError(
            f"no class of {spec.name!r}",
            file=path,
            found=", ".join(map(repr, strangers[:4])),
            expected=", ".join(list(known)[:12]),
            mend="Name for each channel the class that it stands for.",
        )
    return [known[name] for name in names]
