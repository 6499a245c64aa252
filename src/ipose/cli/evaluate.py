"""`ipose evaluate`: eval cards of a run or of a folder of images, or a comparison of cards."""

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
"""Options that only some systems have. `judged_by` of a system's record lists them."""

OF_FOLDERS = ("real", "labels", "instances", "spec", "protocol", "features", "segmenter", "class_map", "lpips", "out")
USES = {"a run": (*OF_RUNS, "out"), "--images": OF_FOLDERS, "--compare": ("plot", "across_protocols")}
"""The options of each use of the command."""


@dataclass(frozen=True)
class Evaluate:
    """Write eval cards of a run, or of any folder of images beside real ones; or compare cards."""

    folder: Positional[Path | None] = None
    """A run of any system that can be judged. Parts are judged beside two baselines. Images are made again from the
    validation scenes, in generated/ of the run. A part segmenter is judged on photographs with true maps or
    landmarks."""
    data: str | None = None
    """Data to judge a run on. None = the run's own. A part segmenter takes a scene folder, CelebA in the wild, Taichi,
    CUB-200-2011 (landmarks) or Flowers-102 (foreground)."""
    spec: str | None = None
    """Spec of --data or of --labels: a name, or a dataset.toml. None = the folder's own."""
    images: Path | None = None
    """Folder of generated images of any model, in place of a run."""
    real: Path | None = None
    """Folder of real photographs with the same names. Needed with --images."""
    protocol: str | None = None
    """images, images-antialiased (another resize inside Inception), images-256, objects-128 (each object, cropped by
    its box) or, for a run, classes (mCSD and mOCD: how much the noise of one class changes this class and the others).
    None = the system's own; for --images, images."""
    features: str | None = None
    """Feature network: inception (from torch.hub's cache), random, or a file (Inception's weights, TorchScript, or
    torch.export as .pt2). Only inception gives an FID. None = inception."""
    labels: Path | None = None
    """Folder of label maps for --images. Objects and segmenters need it."""
    instances: Path | None = None
    """Folder of instance maps for --images. None = each connected piece of a thing class is one object."""
    segmenter: Path | None = None
    """Run of ipose train segmenter, or a TorchScript or torch.export file. Adds mIoU and pixel accuracy."""
    class_map: Path | None = None
    """JSON list with the class name of each channel of the segmenter. None = the spec's classes in order."""
    lpips: Path | None = None
    """File of torchvision's AlexNet (alexnet-owt-7be5be79.pth). Adds LPIPS between the seeds of each scene. With
    --protocol classes, LPIPS replaces the mean absolute difference."""
    maps: int | None = None
    """Number of validation label maps for --protocol classes. None = 20."""
    pairs: int | None = None
    """Number of image pairs for each class of a map, for --protocol classes. None = 19."""
    masking: Literal["multiply", "map", "region"] | None = None
    """Distance for --protocol classes: of masked images ("multiply"), or the mean of its map over the image ("map") or
    over the class ("region"). None = multiply."""
    seeds: tuple[int, ...] | None = None
    """Seeds of the images of each validation scene. Distances to real images use the first seed. None = 0 1."""
    limit: int | None = None
    """Most validation scenes to use. None = all."""
    out: Path | None = None
    """Folder to write the cards to. None = cards/ in the run; for --images, a new folder cards/ here."""
    compare: tuple[Path, ...] = ()
    """Runs, cards or folders of cards to compare, in place of everything else."""
    across_protocols: FlagCreatePairsOff[bool] = False
    """Also compare numbers of different protocols."""
    plot: Path | None = None
    """PNG file for a chart of the compared numbers. Needs --compare."""
    device: str = "cpu"
    """cpu, cuda, ..."""
    batch_size: int = 16
    """Number of images in a batch."""

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
        """Raises ConfigError for an option that this use does not have."""
        for name in dict.fromkeys(option for options in USES.values() for option in options):
            if getattr(self, name) not in (None, False) and name not in USES[use]:
                homes = ", or of ".join(other for other, options in USES.items() if name in options)
                raise ConfigError(
                    f"an option of {homes}", field=name, mend="See ipose evaluate --help for what goes together."
                )

    def _judge(self, folder: Path) -> None:
        if self.spec is not None and self.data is None:
            raise ConfigError("the spec of no data", field="spec", mend="Name the data with --data.")
        from ipose.evaluation.judges import EvaluateOptions
        from ipose.systems.checks import check_device
        from ipose.systems.judging import check_options, evaluate_run

        check_device(self.device)
        protocols = None if self.protocol is None else (self.protocol,)
        given = {name: getattr(self, name) for name in OF_RUNS if getattr(self, name) is not None}
        check_options(folder, list(given), protocols)
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
        if self.real is None:
            raise ConfigError("images are judged beside real ones", field="real", expected="--real DIR")
        from ipose.evaluation.card_folder import check_new, write_new_cards
        from ipose.evaluation.evaluate_images import ImageEvaluation, evaluate_images
        from ipose.systems.checks import check_device

        out = self.out or Path("cards")
        check_device(self.device)
        check_new(out)
        given = {name: getattr(self, name) for name in OF_FOLDERS if name != "out" and getattr(self, name) is not None}
        job = ImageEvaluation(images=images, device=self.device, batch_size=self.batch_size, **given)
        cards = evaluate_images(job)
        for card, path in zip(cards, write_new_cards(cards, out), strict=True):
            print(f"{path}: {card.line()}")
