"""`ipose evaluate`: eval cards of a run, or of any folder of images; or cards compared."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tyro.conf import FlagCreatePairsOff, Positional

from ipose.data.data_config import DataConfig
from ipose.errors import ConfigError

OF_RUNS = (
    *("data", "spec", "protocol", "features", "segmenter", "class_map", "lpips", "seeds", "limit"),
    *("maps", "pairs", "masking"),
)
"""Options that mean something for the runs of some systems; `judged_by` of a record says for which."""


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
    features: str | None = None
    """Feature network: inception (from torch.hub's cache: FID), random, or a file (Inception's weights, TorchScript, or
    torch.export as .pt2). The result names the network. None = inception."""
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
    maps: int | None = None
    """Of --protocol classes: validation label maps to measure mCSD and mOCD on. None = 20."""
    pairs: int | None = None
    """Of --protocol classes: pairs of images for each class of each map. None = 19."""
    masking: Literal["multiply", "map", "region"] | None = None
    """Of --protocol classes: the distance of masked images ("multiply", None), or its map over the whole area ("map")
    or the class's ("region")."""
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
        """Refuse options of another use than this one."""
        images, run = self.images is not None, self.folder is not None
        homes = (
            ("--images", images, ("real", "labels", "instances")),
            ("a run", run, ("data", "seeds", "limit", "maps", "pairs", "masking")),
            (
                "a run, or of --images",
                run or images,
                ("segmenter", "class_map", "lpips", "protocol", "features", "out"),
            ),
        )
        for home, there, names in homes:
            if not there and (stray := [name for name in names if getattr(self, name) is not None]):
                raise ConfigError(
                    f"an option of {home}", field=stray[0], mend="See ipose evaluate --help for what goes together."
                )

    def _judge(self, folder: Path) -> None:
        from ipose.evaluation.judgement import RunJudgement
        from ipose.systems.checks import check_device
        from ipose.systems.judging import check_options, evaluate_run

        check_device(self.device)
        protocols = None if self.protocol is None else (self.protocol,)
        given = {name: getattr(self, name) for name in OF_RUNS if getattr(self, name) is not None}
        check_options(folder, list(given), protocols)
        if self.spec is not None and self.data is None:
            raise ConfigError("the spec of no data", field="spec", mend="Name the data with --data.")
        data = None if self.data is None else DataConfig(data=self.data, spec=self.spec)
        settings = {name: value for name, value in given.items() if name not in ("data", "spec", "protocol")}
        judgement = RunJudgement(
            protocols=protocols, device=self.device, batch_size=self.batch_size, out=self.out, **settings
        )
        result = evaluate_run(folder, data, judgement)
        if result.table:
            print(result.table)
        for card, path in zip(result.cards, result.files, strict=True):
            print(f"{path}: {card.line()}")
        for sentence in result.left_out:
            print(sentence)

    def _image_folder(self, images: Path) -> None:
        from ipose.evaluation.evaluate_images import ImageEvaluation, check_out, evaluate_images, write_cards
        from ipose.systems.checks import check_device

        if self.real is None:
            raise ConfigError("images are judged beside real ones", field="real", expected="--real DIR")
        out = self.out or Path("cards")
        check_device(self.device)
        check_out(out)
        names = ("labels", "instances", "spec", "segmenter", "class_map", "lpips", "device", "batch_size")
        chosen = {name: getattr(self, name) for name in names}
        protocol, features = self.protocol or "images", self.features or "inception"
        job = ImageEvaluation(images=images, real=self.real, protocol=protocol, features=features, **chosen)
        cards = evaluate_images(job)
        for card, path in zip(cards, write_cards(cards, out), strict=True):
            print(f"{path}: {card.line()}")
