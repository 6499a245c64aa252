"""By what the images of a run are judged, and the networks that this takes."""

from dataclasses import dataclass
from pathlib import Path

from ipose.errors import ConfigError, MissingWeightsError
from ipose.evaluation.class_diversity import Masking
from ipose.evaluation.feature_networks import load_features
from ipose.evaluation.image_cards import Judges
from ipose.evaluation.lpips import load_lpips
from ipose.evaluation.protocols import EvaluationProtocol, protocol_named
from ipose.evaluation.segmenters import load_segmenter
from ipose.types import LabelSpec

PROTOCOLS_OF_RUNS = ("images", "objects-128")
CLASSES = "classes"
"""Protocol of mCSD and mOCD: how much one class's noise changes it and all others."""


@dataclass(frozen=True, kw_only=True)
class RunJudgement:
    """By what a run is judged.

    Args:
        protocols: of the images, by name (`ipose.evaluation.protocols`), or "classes"; None = the system's default.
        features: "inception", "random" or a file (`ipose.evaluation.feature_networks`); None = no distances.
        segmenter: network file, or a run of `ipose train segmenter`; with it, mIoU and pixel accuracy.
        class_map: JSON list: the class of each of the segmenter's channels; None = its run's, or the spec's classes.
        lpips: file of LPIPS's AlexNet; with it, LPIPS between the seeds.
        seeds: of the images; distances look at those of the first one.
        limit: at most so many validation scenes; None = all. Parts are judged on all objects.
        maps: of protocol "classes": validation label maps.
        pairs: of protocol "classes": pairs of images for each class of each map.
        masking: of protocol "classes": see `ipose.evaluation.class_diversity`.
        device: to compute images and their features on.
        batch_size: images at once.
        out: folder to write the cards to; None = `cards/` of the run (`cards/on-NAME/` for data that are not its own).
    Raises:
        ConfigError: no seed, one twice, or nothing to look at.
    """

    protocols: tuple[str, ...] | None = None
    features: str | None = "inception"
    segmenter: Path | None = None
    class_map: Path | None = None
    lpips: Path | None = None
    seeds: tuple[int, ...] = (0, 1)
    limit: int | None = None
    maps: int = 20
    pairs: int = 19
    masking: Masking = "multiply"
    device: str = "cpu"
    batch_size: int = 16
    out: Path | None = None

    def __post_init__(self) -> None:
        for name in self.image_protocols:
            protocol_named(name)
        checks = {
            "protocols": self.protocols is None or bool(self.protocols),
            "maps": self.maps > 0,
            "seeds": 0 < len(self.seeds) == len(set(self.seeds)),
            "limit": self.limit is None or self.limit > (self.features is not None),
            "batch_size": self.batch_size > 0,
        }
        for name, fine in checks.items():
            if not fine:
                expected = "2 or more, for a spread of features" if name == "limit" else "1 or more, each once"
                raise ConfigError("nothing to judge by", field=name, found=getattr(self, name), expected=expected)
        if self.class_map is not None and self.segmenter is None:
            raise ConfigError("a class map of no segmenter", field="class_map", expected="--segmenter FILE with it")
        if self.lpips is not None and len(self.seeds) < 2:
            raise ConfigError("LPIPS is between seeds", field="seeds", found=self.seeds, expected="2 or more")

    @property
    def image_protocols(self) -> tuple[str, ...]:
        """Protocols of images, by name; the default ones where none is named."""
        named = PROTOCOLS_OF_RUNS if self.protocols is None else self.protocols
        return tuple(name for name in named if name != CLASSES)


def judges_of(judgement: RunJudgement, spec: LabelSpec) -> tuple[list[tuple[EvaluationProtocol, Judges]], str | None]:
    """The networks that look at images, for each protocol; none at all where nothing is left to look with.

    A segmenter speaks with the first protocol only: what it says does not depend on it.

    Args:
        judgement: which networks.
        spec: of the label maps.
    Returns:
        the judges, and why there are no distances where nobody named a feature network and Inception is not here.
    Raises:
        MissingWeightsError: a network that was named is not there.
    """
    missing, judges = None, []
    perceptual = None if judgement.lpips is None else load_lpips(judgement.lpips, device=judgement.device)
    segmenter = (
        None
        if judgement.segmenter is None
        else load_segmenter(judgement.segmenter, spec, judgement.class_map, judgement.device)
    )
    for protocol in map(protocol_named, judgement.image_protocols):
        features = None
        if judgement.features is not None and missing is None:
            try:
                antialias = protocol.inception_antialias
                features = load_features(judgement.features, antialias=antialias, device=judgement.device)
            except MissingWeightsError as error:
                if judgement.features != "inception":
                    raise
                missing = f"No distances of images: {error}"
        whole = protocol.level == "images"
        judge = Judges(features=features, perceptual=perceptual if whole else None, segmenter=segmenter)
        if any(network is not None for network in (judge.features, judge.perceptual, judge.segmenter)):
            judges.append((protocol, judge))
        segmenter = None
    return judges, missing
