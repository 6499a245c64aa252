"""`ipose evaluate`: eval cards of a run or of a folder of images, or a comparison of cards."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tyro.conf import FlagCreatePairsOff, Positional

from ipose.data.data_config import DataConfig
from ipose.errors import ConfigError
from ipose.systems.registry import systems

OF_RUNS = tuple(dict.fromkeys(name for system in systems() for names in system.judged_by.values() for name in names))
"""Options that only some systems have: `judged_by` of a system's record lists them."""

OF_FOLDERS = (
    *("real", "labels", "instances", "spec", "protocol", "features"),
    *("segmenter", "class_map", "ignore", "segmenter_size", "lpips", "out"),
)
USES = {"a run or model": (*OF_RUNS, "out"), "--images": OF_FOLDERS, "--compare": ("plot", "across_protocols")}
"""The options of each use of the command."""


@dataclass(frozen=True)
class Evaluate:
    """Write eval cards of a model: make the images of a split of a data set, and judge them. Or write cards of any
    folder of images beside real ones, or compare cards."""

    folder: Positional[Path | None] = None
    """A run, or a model folder (converted or saved), of any system that can be judged. Images are made from the label
    maps and instance maps of the data, and kept in generated/; images that stand are not made again. Parts are judged
    beside two baselines, if the data have true parts. A part segmenter is judged on photographs."""
    data: str | None = None
    """Data to judge on: a scene folder, or Cityscapes, ADE20K or COCO-Stuff as downloaded. None = the run's own. A
    model folder without a run needs it. A system without label maps takes photographs. A part segmenter takes a scene
    folder, CelebA in the wild, Taichi, CUB-200-2011 (landmarks) or Flowers-102 (foreground)."""
    spec: str | None = None
    """Spec of --data or of --labels: a name, or a dataset.toml. None = the folder's own, or else the model's."""
    split: str | None = None
    """Split of the data. None = val. Parts are judged on val only."""
    images: Path | None = None
    """Folder of generated images of any model, in place of a run."""
    real: Path | None = None
    """Folder of real photographs with the same names. Needed with --images."""
    protocol: str | None = None
    """images, images-antialiased (another resize inside Inception), images-256, objects-128 (each object, cropped by
    its box) or, for a run, classes (mCSD and mOCD: how much the noise of one class changes this class and the others)
    or reconstruction (L1 and LPIPS of photographs from their own codes) or robustness (iPOSE: how images and parts
    change when label maps have faults). None = the system's own; for --images, images."""
    features: str | None = None
    """Feature network: inception (from torch.hub's cache), random, or a file (Inception's weights, TorchScript, or
    torch.export as .pt2). Only inception gives an FID. None = inception."""
    labels: Path | None = None
    """Folder of label maps for --images. Objects and segmenters need it."""
    instances: Path | None = None
    """Folder of instance maps for --images. None = each connected piece of a thing class is one object."""
    segmenter: Path | None = None
    """Run of ipose train segmenter, or a TorchScript or torch.export file. Adds mIoU and pixel accuracy. Classes that
    no channel stands for do not count. For a GANSeg: run of ipose train part-segmenter, which adds landmark errors and
    IoU (None = part-segmenter/ of its run)."""
    class_map: Path | None = None
    """What the segmenter's channels stand for: cityscapes-trainids, ade20k, coco-stuff (the data's classes in order,
    without the unknown one), or a JSON file: a list of class names, or of ids as in the label files. None = what fits
    their number: all classes of the spec, or all but the unknown one; on Cityscapes, its 19 train classes."""
    ignore: tuple[str, ...] | None = None
    """More classes that do not count for mIoU and accuracy: names, or ids as in the label files."""
    segmenter_size: tuple[int, int] | None = None
    """Height and width that images are resized to for the segmenter. None = their own."""
    lpips: Path | None = None
    """File of torchvision's AlexNet (alexnet-owt-7be5be79.pth). Adds LPIPS between the seeds of each scene. With
    --protocol classes, LPIPS replaces the mean absolute difference; with reconstruction it is added."""
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
    """Number of scenes of the split, from the first one. None = all."""
    without_parts: FlagCreatePairsOff[bool] = False
    """Paint objects whose part category has no supports as objects without parts. Otherwise they are an error."""
    count: int | None = None
    """Number of images, for a system that makes them from noise. None = as many as its paper takes."""
    precision: Literal["no", "bf16"] | None = None
    """bf16 = make the images in bfloat16, which is faster. Colours differ a little, and the card says so. What judges
    them, and parts, stay float32. None = no."""
    out: Path | None = None
    """Folder to write the cards to, and the images to its generated/. None = cards/ and generated/ in the run; for a
    model folder, a new folder MODEL-on-DATA beside it; for --images, a new folder cards/ here."""
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
        uses = (self.folder is not None, self.images is not None, bool(self.compare))
        asked = dict(zip(USES, uses, strict=True))
        if sum(asked.values()) != 1:
            raise ConfigError(
                "ipose evaluate judges one thing",
                found="several" if any(asked.values()) else "nothing",
                expected="a run or model, or --images DIR --real DIR, or --compare RUNS, CARDS",
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
            if self._is_given(name) and name not in USES[use]:
                homes = ", or of ".join(other for other, options in USES.items() if name in options)
                raise ConfigError(
                    f"an option of {homes}", field=name, mend="See ipose evaluate --help for what goes together."
                )

    def _is_given(self, name: str) -> bool:
        value = getattr(self, name)
        return value is not None and value is not False  # 0 is given, and refused where it makes no sense

    def _judge(self, folder: Path) -> None:
        if self.spec is not None and self.data is None:
            raise ConfigError("the spec of no data", field="spec", mend="Name the data with --data.")
        from ipose.evaluation.judges import EvaluateOptions
        from ipose.reports.blocks import cards_as_text
        from ipose.systems.checks import check_device
        from ipose.systems.judging import check_options, evaluate_run

        check_device(self.device)
        protocols = None if self.protocol is None else (self.protocol,)
        given = {name: getattr(self, name) for name in OF_RUNS if self._is_given(name)}
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
        if len(result.cards) > 1:
            print(cards_as_text(result.cards))
        for sentence in result.left_out:
            print(sentence)
        if result.report is not None:
            print(f"Report: {result.report}")

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
        for sentence in cards[0].left_out:
            print(sentence)
