"""The networks that judge images, and the options of `ipose evaluate`."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import torch

from ipose.errors import ConfigError, MissingWeightsError
from ipose.evaluation.feature_networks import FeatureNetwork, load_features
from ipose.evaluation.lpips import PerceptualDistance, load_lpips
from ipose.evaluation.protocols import EvaluationProtocol, protocol_named
from ipose.evaluation.segmenters import Segmenter, load_segmenter
from ipose.label_spec import LabelSpec
from ipose.training.config import Precision

Masking = Literal["multiply", "map", "region"]
PROTOCOLS_OF_RUNS = ("images", "objects-128")
_NO_SEGMENTER: dict[str, Any] = {"segmenter": None, "class_map": None, "ignore": (), "segmenter_size": None}
CLASSES = "classes"
"""Protocol of mCSD and mOCD: how much one class's noise changes it and all others."""
RECONSTRUCTION = "reconstruction"
"""Protocol of L1 and LPIPS between photographs and what comes of the codes that an encoder reads off them."""
ROBUSTNESS = "robustness"
"""Protocol of what faults in label maps change in images and parts."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Judges:
    """The networks that judge images. None = the numbers of this network are left out."""

    features: FeatureNetwork | None = None
    perceptual: PerceptualDistance | None = None
    segmenter: Segmenter | None = None

    def __bool__(self) -> bool:
        return any(network is not None for network in (self.features, self.perceptual, self.segmenter))


@dataclass(frozen=True, kw_only=True)
class JudgeOptions:
    """Which networks judge images, and on what device.

    Args:
        features: "inception", "random" or a file (`ipose.evaluation.feature_networks`); None = no distances.
        segmenter: network file, or a run of `ipose train segmenter`; with it, mIoU and pixel accuracy. A system whose
            parts are judged takes a run of `ipose train part-segmenter`.
        class_map: what the segmenter's channels stand for (`ipose.evaluation.segmenters`); None = its run's, or what
            fits their number.
        ignore: classes that do not count for mIoU and accuracy: names, or ids as in the label files.
        segmenter_size: (height, width) that images are resized to for the segmenter; None = their own.
        lpips: file of LPIPS's AlexNet; with it, LPIPS between the seeds of each scene.
    Raises:
        ConfigError: options that cannot work.
    """

    features: str | None = "inception"
    segmenter: Path | None = None
    class_map: Path | None = None
    ignore: tuple[str, ...] = ()
    segmenter_size: tuple[int, int] | None = None
    lpips: Path | None = None
    device: str = "cpu"
    batch_size: int = 16

    def __post_init__(self) -> None:
        check_class_map(self.class_map, self.segmenter)
        for name in ("ignore", "segmenter_size"):
            if getattr(self, name) and self.segmenter is None:
                raise ConfigError("an option of no segmenter", field=name, expected="--segmenter FILE with it")
        if self.segmenter_size is not None and min(self.segmenter_size) < 1:
            raise ConfigError("no size", field="segmenter_size", found=self.segmenter_size, expected="height and width")
        if self.batch_size < 1:
            raise ConfigError(
                "nothing to compute at once", field="batch_size", found=self.batch_size, expected="1 or more"
            )

    def load(self, protocol: EvaluationProtocol, spec: LabelSpec | None) -> Judges:
        """Load the networks for a protocol. LPIPS is left out for objects: it compares whole images.

        Args:
            spec: of the label maps. None = the segmenter is left out.
        Raises:
            MissingWeightsError: a network is not there.
        """
        device, antialias = self.device, protocol.inception_antialias
        perceptual = segmenter = None
        if self.lpips is not None and protocol.level == "images":
            perceptual = load_lpips(self.lpips, device=device)
        if self.segmenter is not None and spec is not None:
            size = self.segmenter_size
            segmenter = load_segmenter(
                self.segmenter, spec, self.class_map, device, ignore=self.ignore, input_size=size
            )
        features = None if self.features is None else load_features(self.features, antialias=antialias, device=device)
        return Judges(features=features, perceptual=perceptual, segmenter=segmenter)


@dataclass(frozen=True, kw_only=True)
class EvaluateOptions(JudgeOptions):
    """Options of `ipose evaluate RUN`, but for the data.

    Args:
        protocols: of the images, by name (`ipose.evaluation.protocols`), "classes", "reconstruction" or "robustness";
            None = the system's default.
        seeds: of the images. Distances to photographs use the first seed.
        limit: number of scenes of the split; None = all. Parts are judged on all objects.
        without_parts: paint objects whose category has no supports as objects without parts; else they are an error.
        count: number of images of a system that makes them from noise; None = as many as its paper.
        precision: "bf16" = images are made under bfloat16 autocast; what judges them computes in float32.
        masking: for protocol "classes"; see `ipose.evaluation.class_diversity`.
        out: folder to write the cards to, and the images to its `generated/`; None = `cards/` of the run
            (`cards/on-NAME/` for data that are not its own) and `generated/` (`generated-on-NAME/`).
    Raises:
        ConfigError: options that cannot work.
    """

    protocols: tuple[str, ...] | None = None
    seeds: tuple[int, ...] = (0, 1)
    split: str = "val"
    limit: int | None = None
    without_parts: bool = False
    count: int | None = None
    maps: int = 20
    pairs: int = 19
    precision: Precision = "no"
    masking: Masking = "multiply"
    out: Path | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        levels = {protocol_named(name).level for name in self.image_protocols}
        least = 1 if self.features is None else 2
        checks = {
            "protocols": (self.protocols is None or bool(self.protocols), "1 or more"),
            "seeds": (0 < len(self.seeds) == len(set(self.seeds)), "1 or more, each once"),
            "limit": (self.limit is None or self.limit >= least, f"{least} or more"),
            "count": (self.count is None or self.count >= 2, "2 or more"),
            "maps": (self.maps >= 1, "1 or more"),
            "pairs": (self.pairs >= 1, "1 or more"),
        }
        for name, (fine, expected) in checks.items():
            if not fine:
                raise ConfigError("nothing to judge by", field=name, found=getattr(self, name), expected=expected)
        if self.lpips is not None and levels == {"objects"}:
            raise ConfigError("LPIPS is between whole images", field="lpips", found=self.protocols, expected="images")
        if self.lpips is not None and self.masking != "multiply":
            raise ConfigError("LPIPS is of masked images", field="masking", found=self.masking, expected="multiply")
        if self.lpips is not None and levels and len(self.seeds) < 2:
            raise ConfigError("LPIPS is between seeds", field="seeds", found=self.seeds, expected="2 or more")

    @property
    def making(self) -> torch.autocast:
        """The context to make images in."""
        return torch.autocast(torch.device(self.device).type, torch.bfloat16, enabled=self.precision == "bf16")

    @property
    def image_protocols(self) -> tuple[str, ...]:
        """Names of the protocols of images; the default ones if no protocol is named."""
        named = PROTOCOLS_OF_RUNS if self.protocols is None else self.protocols
        return tuple(name for name in named if name not in (CLASSES, RECONSTRUCTION, ROBUSTNESS))


def check_class_map(class_map: Path | None, segmenter: Path | None) -> None:
    """Raises ConfigError for a class map without a segmenter."""
    if class_map is not None and segmenter is None:
        raise ConfigError("a class map of no segmenter", field="class_map", expected="--segmenter FILE with it")


def judges_of(options: EvaluateOptions, spec: LabelSpec) -> tuple[list[tuple[EvaluationProtocol, Judges]], str | None]:
    """The networks that judge a run's images, for each protocol. A protocol without networks is left out.

    Only the first protocol has the segmenter: its numbers are the same for all protocols.

    Returns:
        the judges; and if Inception is not here, a sentence that says so, else None.
    Raises:
        MissingWeightsError: a network other than Inception is not there.
    """
    found: list[tuple[EvaluationProtocol, Judges]] = []
    missing = None
    for number, protocol in enumerate(map(protocol_named, options.image_protocols)):
        asked = options if number == 0 else replace(options, **_NO_SEGMENTER)
        judges, missing = _without_inception(asked, protocol, spec)
        found += [(protocol, judges)] if judges else []
    return found, missing


def _without_inception(
    options: EvaluateOptions, protocol: EvaluationProtocol, spec: LabelSpec
) -> tuple[Judges, str | None]:
    """All judges. If Inception is not here: the other judges, and a sentence that says so."""
    try:
        return options.load(protocol, spec), None
    except MissingWeightsError as error:
        if options.features != "inception":
            raise
        others = replace(options, features=None).load(protocol, spec)  # raises if another network is missing
        return others, f"No distances of images: {error}"
