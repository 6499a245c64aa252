"""`ipose evaluate`: eval cards of a run, or of any folder of images; or cards compared."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tyro.conf import FlagCreatePairsOff, Positional

from ipose.data.data_config import DataConfig
from ipose.errors import ConfigError

RUN_SEEDS = (0, 1)
CLASSES = "classes"


@dataclass(frozen=True)
class Evaluate:
    """Eval cards of a run's parts and images, or of any folder of images beside the real ones; or cards compared."""

    folder: Positional[Path | None] = None
    """A run. Its PartNet beside two plain baselines; of a synthesis run also the images, made anew of its validation
    scenes (to generated/ in the run). A part segmenter (train segmenter --pairs) on whatever its photographs have a
    truth of."""
    data: str | None = None
    """Of a run: other data to judge on. None = the run's own. Of a part segmenter a scene folder, CelebA in the wild
    (landmarks), CUB-200-2011, Flowers-102 (foreground) or Taichi (both)."""
    spec: str | None = None
    """The spec of --data, or of --labels."""
    images: Path | None = None
    """In place of a run: a folder of generated images, of any model."""
    real: Path | None = None
    """With --images: the photographs, of the same names."""
    protocol: str | None = None
    """images, images-antialiased (another resize inside Inception; the same for all other features), images-256, or
    objects-128 (each object, cropped by its box); of a run also classes (mCSD and mOCD: how much one class's noise
    changes it and all others). None = images, and of a run objects-128 too; of a GroupDNet run classes."""
    features: str = "inception"
    """Feature network: inception (from torch.hub's cache: FID), random, or a file (Inception's weights, TorchScript, or
    torch.export as .pt2): the result then says which network it is of."""
    labels: Path | None = None
    """With --images: folder of label maps, for objects and segmenters."""
    instances: Path | None = None
    """With --images: folder of instance maps. None = the connected pieces of each thing class are its objects."""
    segmenter: Path | None = None
    """A run of ipose train segmenter, or a TorchScript or torch.export file: adds mIoU and pixel accuracy."""
    class_map: Path | None = None
    """JSON list of class names: what each channel of the segmenter stands for. None = the spec's classes in order."""
    lpips: Path | None = None
    """File of torchvision's AlexNet (alexnet-owt-7be5be79.pth): adds LPIPS between the seeds of each scene; of a
    GroupDNet run, it takes the place of the mean absolute difference."""
    maps: int = 20
    """Of --protocol classes: validation label maps to measure mCSD and mOCD on."""
    pairs: int = 19
    """Of --protocol classes: pairs of images for each class of each map."""
    masking: Literal["multiply", "map", "region"] = "multiply"
    """Of --protocol classes: the distance of masked images, or its map over the whole area or the class's."""
    seeds: tuple[int, ...] | None = None
    """Of a synthesis run: seeds of the images, one each; distances look at the first one's. None = 0 1."""
    limit: int | None = None
    """Of a synthesis run: at most so many validation scenes. None = all."""
    out: Path | None = None
    """Folder to write the cards to. None = cards/ in the run; of --images the new folder cards/ here."""
    compare: tuple[Path, ...] = ()
    """In place of all else: runs, cards, or folders of them, to set beside each other."""
    across_protocols: FlagCreatePairsOff[bool] = False
    """Compare numbers although they were taken in different ways."""
    plot: Path | None = None
    """With --compare: PNG to draw the numbers into."""
    device: str = "cpu"
    """cpu, cuda, ..."""
    batch_size: int = 16
    """Images at once."""

    def run(self) -> None:
        """Evaluate and print."""
        asked = [self.folder is not None, self.images is not None, bool(self.compare)]
        if sum(asked) != 1:
            raise ConfigError(
                "ipose evaluate judges one thing",
                found="several" if any(asked) else "nothing",
                expected="a run, or --images DIR --real DIR, or --compare RUNS, CARDS",
            )
        if self.plot is not None and not self.compare:
            raise ConfigError("an option of --compare", field="plot", mend="Name cards with --compare.")
        self._check_strays()
        if self.folder is not None:
            self._judge(self.folder)
        elif self.images is not None:
            self._image_folder(self.images)
        else:
            from ipose.reports.card_comparison import comparison

            print(comparison(self.compare, across_protocols=self.across_protocols, plot=self.plot))

    def _check_strays(self) -> None:
        """Options of another use than this one are refused, not passed over."""
        both = "a run, or of --images"
        homes: list[tuple[str, bool, tuple[str, ...]]] = [
            ("--images", self.images is not None, ("real", "labels", "instances"))
        ]
        homes += [("a run", self.folder is not None, ("data", "seeds", "limit"))]
        homes += [(both, not self.compare, ("segmenter", "class_map", "lpips", "protocol", "out"))]
        for home, there, names in homes:
            if not there and (stray := [name for name in names if getattr(self, name) is not None]):
                raise ConfigError(
                    f"an option of {home}", field=stray[0], mend="See ipose evaluate --help for what goes together."
                )

    def _judge(self, folder: Path) -> None:
        from ipose.groupdnet.model import is_groupdnet

        if is_groupdnet(folder) or self.protocol == CLASSES:
            self._class_diversity(folder)
        else:
            self._run_folder(folder)

    def _run_folder(self, folder: Path) -> None:
        from ipose.evaluation.judgement import PROTOCOLS_OF_RUNS, RunJudgement
        from ipose.systems.checks import check_device
        from ipose.systems.judging import evaluate_run

        check_device(self.device)
        if self.spec is not None and self.data is None:
            raise ConfigError("the spec of no data", field="spec", mend="Name the data with --data.")
        names = ("features", "segmenter", "class_map", "lpips", "limit", "device", "batch_size", "out")
        judgement = RunJudgement(
            protocols=PROTOCOLS_OF_RUNS if self.protocol is None else (self.protocol,),
            seeds=RUN_SEEDS if self.seeds is None else self.seeds,
            **{name: getattr(self, name) for name in names},
        )
        data = None if self.data is None else DataConfig(data=self.data, spec=self.spec)
        result = evaluate_run(folder, data, judgement)
        if result.parts is not None:
            print(result.parts.table())
        for card, path in zip(result.cards, result.files, strict=True):
            print(f"{path}: {card.line()}")
        for sentence in result.left_out:
            print(sentence)

    def _class_diversity(self, folder: Path) -> None:
        """mCSD and mOCD of a GroupDNet or synthesis run."""
        from ipose.evaluation.card_folder import write_run_cards
        from ipose.evaluation.class_cards import evaluate_classes
        from ipose.systems.checks import check_device

        if self.protocol not in (None, CLASSES):
            raise ConfigError("a GroupDNet is judged by its classes", field="protocol", found=self.protocol)
        others = ("data", "spec", "segmenter", "class_map", "seeds", "limit")
        if stray := [name for name in others if getattr(self, name) is not None]:
            raise ConfigError(
                "an option that mCSD and mOCD do not look at",
                field=stray[0],
                expected="--maps, --pairs, --masking, --lpips, --out, --device",
            )
        check_device(self.device)
        names = ("maps", "pairs", "masking", "lpips", "device")
        cards = evaluate_classes(folder, **{name: getattr(self, name) for name in names})
        for card, path in zip(cards, write_run_cards(cards, self.out or folder / "cards"), strict=True):
            print(f"{path}: {card.line()}")

    def _image_folder(self, images: Path) -> None:
        from ipose.evaluation.evaluate_images import ImageEvaluation, check_out, evaluate_images, write_cards
        from ipose.systems.checks import check_device

        if self.real is None:
            raise ConfigError("images are judged beside real ones", field="real", expected="--real DIR")
        out = self.out or Path("cards")
        check_device(self.device)
        check_out(out)
        names = ("features", "labels", "instances", "spec", "segmenter", "class_map", "lpips", "device", "batch_size")
        chosen = {name: getattr(self, name) for name in names}
        job = ImageEvaluation(images=images, real=self.real, protocol=self.protocol or "images", **chosen)
        cards = evaluate_images(job)
        for card, path in zip(cards, write_cards(cards, out), strict=True):
            print(f"{path}: {card.line()}")
