"""Who judges images: networks by name or file, and everything that `ipose evaluate` can be told of them."""

from dataclasses import dataclass, replace
from pathlib import Path

from ipose.errors import ConfigError, MissingWeightsError
from ipose.evaluation.class_diversity import Masking
from ipose.evaluation.feature_networks import FeatureNetwork, load_features
from ipose.evaluation.lpips import PerceptualDistance, load_lpips
from ipose.evaluation.protocols import EvaluationProtocol, protocol_named
from ipose.evaluation.segmenters import Segmenter, load_segmenter
from ipose.label_spec import LabelSpec

PROTOCOLS_OF_RUNS = ("images", "objects-128")
CLASSES = "classes"
"""Protocol of mCSD and mOCD: how much one class's noise changes it and all others."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Judges:
    """The networks that look at images; what one of them would say is left out where it is None.

    Args:
        features: of distances, and of diversity between seeds.
        perceptual: LPIPS between seeds.
        segmenter: mIoU and pixel accuracy.
    """

    features: FeatureNetwork | None = None
    perceptual: PerceptualDistance | None = None
    segmenter: Segmenter | None = None

    def __bool__(self) -> bool:
        return any(network is not None for network in (self.features, self.perceptual, self.segmenter))


@dataclass(frozen=True, kw_only=True)
class JudgeOptions:
    """Which networks judge images, and where they compute.

    Args:
        features: "inception", "random" or a file (`ipose.evaluation.feature_networks`); None = no distances.
        segmenter: network file, or a run of `ipose train segmenter`; with it, mIoU and pixel accuracy.
        class_map: JSON list: the class of each of the segmenter's channels; None = its run's, or the spec's classes.
        lpips: file of LPIPS's AlexNet; with it, LPIPS between the seeds of each scene.
        device: to compute on.
        batch_size: images at once.
    Raises:
        ConfigError: options that cannot work.
    """

    features: str | None = "inception"
    segmenter: Path | None = None
    class_map: Path | None = None
    lpips: Path | None = None
    device: str = "cpu"
    batch_size: int = 16

    def __post_init__(self) -> None:
        check_class_map(self.class_map, self.segmenter)
        if self.batch_size < 1:
            raise ConfigError(
                "nothing to compute at once", field="batch_size", found=self.batch_size, expected="1 or more"
            )

    def load(self, protocol: EvaluationProtocol, spec: LabelSpec | None) -> Judges:
        """The networks that have something to say by a protocol: LPIPS is between whole images.

        Args:
            protocol: says how Inception resizes its input.
            spec: of the label maps; needed where there is a segmenter.
        Raises:
            MissingWeightsError: a network that is not there.
        """
        device, antialias = self.device, protocol.inception_antialias
        perceptual = segmenter = None
        if self.lpips is not None and protocol.level == "images":
            perceptual = load_lpips(self.lpips, device=device)
        if self.segmenter is not None and spec is not None:
            segmenter = load_segmenter(self.segmenter, spec, self.class_map, device)
        features = None if self.features is None else load_features(self.features, antialias=antialias, device=device)
        return Judges(features=features, perceptual=perceptual, segmenter=segmenter)


@dataclass(frozen=True, kw_only=True)
class EvaluateOptions(JudgeOptions):
    """By what a run is judged: all that `ipose evaluate RUN` can be told beside the data.

    Args:
        protocols: of the images, by name (`ipose.evaluation.protocols`), or "classes"; None = the system's default.
        seeds: of the images; distances look at those of the first one.
        limit: at most so many validation scenes; None = all. Parts are judged on all objects.
        maps: of protocol "classes": validation label maps.
        pairs: of protocol "classes": pairs of images for each class of each map.
        masking: of protocol "classes": see `ipose.evaluation.class_diversity`.
        out: folder to write the cards to; None = `cards/` of the run (`cards/on-NAME/` for data that are not its own).
    Raises:
        ConfigError: no seed, one twice, or nothing to look at.
    """

    protocols: tuple[str, ...] | None = None
    seeds: tuple[int, ...] = (0, 1)
    limit: int | None = None
    maps: int = 20
    pairs: int = 19
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
            "maps": (self.maps >= 1, "1 or more"),
            "pairs": (self.pairs >= 1, "1 or more"),
        }
        for name, (fine, expected) in checks.items():
            if not fine:
                raise ConfigError("nothing to judge by", field=name, found=getattr(self, name), expected=expected)
        if self.lpips is not None and levels == {"objects"}:
            raise ConfigError("LPIPS is between whole images", field="lpips", found=self.protocols, expected="images")
        if self.lpips is not None and levels and len(self.seeds) < 2:
            raise ConfigError("LPIPS is between seeds", field="seeds", found=self.seeds, expected="2 or more")

    @property
    def image_protocols(self) -> tuple[str, ...]:
        """Protocols of images, by name; the default ones where none is named."""
        named = PROTOCOLS_OF_RUNS if self.protocols is None else self.protocols
        return tuple(name for name in named if name != CLASSES)


def check_class_map(class_map: Path | None, segmenter: Path | None) -> None:
    """Raise ConfigError for a class map without the segmenter whose channels it names."""
    if class_map is not None and segmenter is None:
        raise ConfigError("a class map of no segmenter", field="class_map", expected="--segmenter FILE with it")


def judges_of(options: EvaluateOptions, spec: LabelSpec) -> tuple[list[tuple[EvaluationProtocol, Judges]], str | None]:
    """The networks that look at a run's images, for each protocol; none at all where nothing is left to look with.

    A segmenter speaks with the first protocol only: what it says does not depend on it.

    Args:
        options: which networks.
        spec: of the label maps.
    Returns:
        the judges, and why there are no distances where nobody named a feature network and Inception is not here.
    Raises:
        MissingWeightsError: a network that was named is not there.
    """
    found: list[tuple[EvaluationProtocol, Judges]] = []
    missing = None
    for number, protocol in enumerate(map(protocol_named, options.image_protocols)):
        asked = options if number == 0 else replace(options, segmenter=None, class_map=None)
        judges, missing = _without_inception(asked, protocol, spec)
        found += [(protocol, judges)] if judges else []
    return found, missing


def _without_inception(
    options: EvaluateOptions, protocol: EvaluationProtocol, spec: LabelSpec
) -> tuple[Judges, str | None]:
    """All judges; where only Inception is not here, the others, and a sentence that says so."""
    try:
        return options.load(protocol, spec), None
    except MissingWeightsError as error:
        if options.features != "inception":
            raise
        others = replace(options, features=None).load(protocol, spec)  # raises where it was another network
        return others, f"No distances of images: {error}"
