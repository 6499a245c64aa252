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

OF_FOLDERS = ("real", "labels", "instances", "spec", "protocol", "features", "segmenter", "class_map", "lpips", "out")
USES = {"a run": (*OF_RUNS, "out"), "--images": OF_FOLDERS, "--compare": ("plot", "across_protocols")}
"""What can be judged, and the options that mean something there."""


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
    changes it and all others). None = images, and of a run objects-128 too; classes for a system that is judged by
    nothing else."""
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
    """File of torchvision's AlexNet (alexnet-owt-7be5be79.pth): adds LPIPS between the seeds of each scene; of protocol
    classes, it takes the place of the mean absolute difference."""
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
        asked = {"a run": self.folder is not None, "--images": self.images is not None, "--compare": bool(self.compare)}
        if sum(asked.values()) != 1:
            raise ConfigError(
                "ipose evaluate judges one thing",
                found="several" if any(asked.values()) else "nothing",
                expected="a run, or --images DIR --real DIR, or --compare RUNS, CARDS",
            )
        self._check_strays(next(use for use, wanted in asked.items() if wanted))
        if self.folder is not None:
            self._judge(self.folder)
        elif self.images is not None:
            self._image_folder(self.images)
        else:
            from ipose.reports.card_comparison import comparison

            print(comparison(self.compare, across_protocols=self.across_protocols, plot=self.plot))

    def _check_strays(self, use: str) -> None:
        """Refuse options of another use than this one."""
        for name in dict.fromkeys(option for options in USES.values() for option in options):
            if getattr(self, name) not in (None, False) and name not in USES[use]:
                homes = ", or of ".join(other for other, options in USES.items() if name in options)
                raise ConfigError(
                    f"an option of {homes}", field=name, mend="See ipose evaluate --help for what goes together."
                )

    def _judge(self, folder: Path) -> None:
        from ipose.evaluation.judges import EvaluateOptions
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
        options = EvaluateOptions(
            protocols=protocols, device=self.device, batch_size=self.batch_size, out=self.out, **settings
        )
        result = evaluate_run(folder, data, options)
        if result.table:
            print(result.table)
        for card, path in zip(result.cards, result.files, strict=True):
            print(f"{path}: {card.line()}")
        for sentence in result.left_out:
            print(sentence)

    def _image_folder(self, images: Path) -> None:
        from ipose.evaluation.card_folder import check_new, write_new_cards
        from ipose.evaluation.evaluate_images import ImageEvaluation, evaluate_images
        from ipose.systems.checks import check_device

        if self.real is None:
            raise ConfigError("images are judged beside real ones", field="real", expected="--real DIR")
        out = self.out or Path("cards")
        check_device(self.device)
        check_new(out)
        given = {name: getattr(self, name) for name in OF_FOLDERS if name != "out" and getattr(self, name) is not None}
        job = ImageEvaluation(images=images, device=self.device, batch_size=self.batch_size, **given)
        cards = evaluate_images(job)
        for card, path in zip(cards, write_new_cards(cards, out), strict=True):
            print(f"{path}: {card.line()}")
