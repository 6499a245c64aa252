"""`ipose parts`, `generate`, `evaluate`, `info`: using what was trained."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tyro.conf import FlagCreatePairsOff, Positional

from ipose.data.data_config import DataConfig
from ipose.errors import ConfigError


@dataclass(frozen=True)
class Parts:
    """Infer parts with PartNet alone: of drawn silhouettes, or of every object of label maps."""

    inputs: Positional[Path]
    """A PNG, or a folder of them: silhouettes (with --category), or label maps."""
    model: Path = field(kw_only=True)
    """Run or model folder, of PartNet or of the whole system."""
    supports: Path | None = None
    """Support folder to read, of new categories perhaps. None = the model's own."""
    category: str | None = None
    """The inputs are silhouettes of this category (white on black). None = label maps, or --supports has but one."""
    spec: str | None = None
    """What the label ids mean: a spec's name or a dataset.toml. None = the model's."""
    instances: Path | None = None
    """Instance map, or folder of them. None = the connected pieces of each thing class are its objects."""
    out: Path = Path("parts")
    """Folder to write part maps and overlays to."""
    device: str = "cpu"
    """cpu, cuda, ..."""

    def run(self) -> None:
        """Infer and write."""
        from ipose.workflows.door import check_device
        from ipose.workflows.parts import part_reader, write_parts

        check_device(self.device)
        reader = part_reader(self.model, self.supports, self.spec, device=self.device)
        for path in write_parts(reader, self.inputs, self.out, category=self.category, instances=self.instances):
            print(path)


@dataclass(frozen=True)
class Generate:
    """Make images from label maps: no data set, no photograph. With --system ganseg: images and parts from noise."""

    inputs: Positional[Path | None] = None
    """Index PNG of label ids, or a folder of them; none with --system ganseg."""
    model: Path = field(kw_only=True)
    """Run or its model folder, of the system."""
    system: Literal["ipose", "groupdnet", "ganseg"] = "ipose"
    """Whose model it is; a GroupDNet is recognised without being named."""
    move: tuple[str, ...] = ()
    """ganseg: move a part's points and see the image follow: part=2:0.1,0.0 (down, right; 2 = the image's height)."""
    resample: tuple[str, ...] = ()
    """groupdnet: classes by name; only their look changes from seed to seed, all else keeps that of the first."""
    instances: Path | None = None
    """Instance map, or folder of them. None = the connected pieces of each thing class are its objects."""
    parts: Path | None = None
    """True part map, or folder of them, for a model that was trained on true parts. Others predict theirs."""
    seed: int = 0
    """Of the first image; the next ones have seed + 1, ..."""
    count: int = 1
    """Images a map."""
    keep_size: FlagCreatePairsOff[bool] = False
    """Keep the map's size, else resize it to the size that the model was trained at."""
    out: Path = Path("generated")
    """Folder to write images, part maps and sheets to."""
    device: str = "cpu"
    """cpu, cuda, ..."""

    def run(self) -> None:
        """Generate and write."""
        from ipose.workflows.door import check_device

        check_device(self.device)
        for path in self._from_noise() if self.system == "ganseg" else self._from_maps():
            print(path)

    def _from_noise(self) -> Iterator[Path]:
        from ipose.ganseg.moves import MovePart
        from ipose.ganseg.pretrained import load_ganseg
        from ipose.workflows.generate_ganseg import generate_ganseg

        if self.inputs is not None or self.instances is not None or self.keep_size or self.resample:
            raise ConfigError("GANSeg makes images of noise, not of label maps", mend="Drop the maps and --keep-size.")
        generator = load_ganseg(self.model).to(self.device)
        moves = [MovePart.parse(words) for words in self.move]
        return generate_ganseg(generator, self.out, seed=self.seed, count=self.count, moves=moves)

    def _from_maps(self) -> Iterator[Path]:
        from ipose.groupdnet.model import is_groupdnet
        from ipose.pipeline import IPose
        from ipose.workflows.generate import generate_files

        if self.move:
            raise ConfigError("only GANSeg has parts to move", field="move", mend="Add --system ganseg.")
        if self.inputs is None:
            raise ConfigError("no label map", field="inputs", mend="Name an index PNG, or a folder of them.")
        if self.system == "groupdnet" or is_groupdnet(self.model):
            yield from self._from_codes(self.inputs)
            return
        if self.resample:
            raise ConfigError(
                "only GroupDNet has a code a class", field="resample", mend="For iPOSE, use ipose edit --resample."
            )
        model = IPose.from_pretrained(self.model).to(self.device)
        yield from generate_files(
            model,
            self.inputs,
            self.out,
            instances=self.instances,
            parts=self.parts,
            seed=self.seed,
            count=self.count,
            keep_size=self.keep_size,
        )

    def _from_codes(self, inputs: Path) -> Iterator[Path]:
        from ipose.groupdnet.model import GroupDNet
        from ipose.workflows.generate_groupdnet import generate_groupdnet

        if self.parts is not None:
            raise ConfigError("GroupDNet knows no parts", field="parts", mend="Drop --parts.")
        names = ("instances", "seed", "count", "resample", "keep_size")
        model = GroupDNet.from_pretrained(self.model).to(self.device)
        return generate_groupdnet(model, inputs, self.out, **{name: getattr(self, name) for name in names})


@dataclass(frozen=True)
class Evaluate:
    """Numbers of a run's PartNet, or of any folder of images beside the real ones (eval cards); or cards compared."""

    folder: Positional[Path | None] = None
    """A run: part metrics of its PartNet against two plain baselines, on its validation data."""
    data: str | None = None
    """Of a run: other data with part maps. None = the run's own."""
    spec: str | None = None
    """The spec of --data, or of --labels."""
    images: Path | None = None
    """In place of a run: a folder of generated images, of any model."""
    real: Path | None = None
    """With --images: the photographs, of the same names."""
    protocol: str = "images"
    """images, images-antialiased, images-256, or objects-128 (each object, cropped by its box)."""
    features: str = "inception"
    """Feature network: inception (from torch.hub's cache: FID), random, or a file (Inception's weights, TorchScript, or
    torch.export as .pt2): the result then says which network it is of."""
    labels: Path | None = None
    """Folder of label maps, for objects and segmenters."""
    instances: Path | None = None
    """Folder of instance maps. None = the connected pieces of each thing class are its objects."""
    segmenter: Path | None = None
    """TorchScript or torch.export file of a segmenter: adds mIoU and pixel accuracy."""
    class_map: Path | None = None
    """JSON list of class names: what each channel of the segmenter stands for. None = the spec's classes in order."""
    lpips: Path | None = None
    """File of torchvision's AlexNet (alexnet-owt-7be5be79.pth): adds LPIPS between the seeds of each scene; of a
    GroupDNet run, it takes the place of the mean absolute difference."""
    maps: int = 20
    """Of a GroupDNet run: validation label maps to measure mCSD and mOCD on."""
    pairs: int = 19
    """Of a GroupDNet run: pairs of images for each class of each map."""
    masking: Literal["multiply", "map", "region"] = "multiply"
    """Of a GroupDNet run: the distance of masked images, or the distance's map over the whole area or the class's."""
    out: Path = Path("cards")
    """With --images, or of a GroupDNet run: new folder to write the cards to."""
    compare: tuple[Path, ...] = ()
    """In place of all else: cards, or folders of them, to set beside each other."""
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
                expected="a run, or --images DIR --real DIR, or --compare CARDS CARDS",
            )
        if self.plot is not None and not self.compare:
            raise ConfigError("an option of --compare", field="plot", mend="Name cards with --compare.")
        if self.folder is not None and self._of_classes(self.folder):
            return
        for_images = ("real", "labels", "instances", "segmenter", "class_map", "lpips")
        if self.images is None and (stray := [name for name in for_images if getattr(self, name) is not None]):
            raise ConfigError(
                "an option of --images", field=stray[0], mend="Name the generated ones with --images DIR."
            )
        if self.folder is not None:
            self._run_folder(self.folder)
        elif self.images is not None:
            self._image_folder(self.images)
        else:
            from ipose.workflows.compare_cards import comparison

            print(comparison(self.compare, across_protocols=self.across_protocols, plot=self.plot))

    def _of_classes(self, folder: Path) -> bool:
        """mCSD and mOCD, where the folder is a GroupDNet run."""
        from ipose.groupdnet.model import is_groupdnet
        from ipose.workflows.class_diversity import evaluate_groupdnet
        from ipose.workflows.door import check_device
        from ipose.workflows.evaluate_images import check_out, write_cards

        if not is_groupdnet(folder):
            return False
        check_device(self.device)
        check_out(self.out)
        names = ("maps", "pairs", "masking", "lpips", "device")
        cards = evaluate_groupdnet(folder, **{name: getattr(self, name) for name in names})
        for card, path in zip(cards, write_cards(cards, self.out), strict=True):
            print(f"{path}: {card.line()}")
        return True

    def _run_folder(self, folder: Path) -> None:
        from ipose.workflows.evaluate import evaluate_run

        data = None if self.data is None else DataConfig(data=self.data, spec=self.spec)
        evaluation, path = evaluate_run(folder, data)
        print(evaluation.table())
        print(path)

    def _image_folder(self, images: Path) -> None:
        from ipose.workflows.door import check_device
        from ipose.workflows.evaluate_images import ImageEvaluation, check_out, evaluate_images, write_cards

        if self.real is None:
            raise ConfigError("images are judged beside real ones", field="real", expected="--real DIR")
        check_device(self.device)
        check_out(self.out)
        names = (
            "protocol",
            "features",
            "labels",
            "instances",
            "spec",
            "segmenter",
            "class_map",
            "lpips",
            "device",
            "batch_size",
        )
        job = ImageEvaluation(images=images, real=self.real, **{name: getattr(self, name) for name in names})
        cards = evaluate_images(job)
        for card, path in zip(cards, write_cards(cards, self.out), strict=True):
            print(f"{path}: {card.line()}")


@dataclass(frozen=True)
class Info:
    """What a run or model folder holds, or what a preset sets: beside the paper and the authors' release."""

    folder: Positional[Path | None] = None
    """A run, or a model folder."""
    preset: str | None = None
    """In place of a folder: a preset's name. Prints each setting as paper | release | value."""

    def run(self) -> None:
        """Print."""
        from ipose.workflows.info import describe, describe_preset

        if self.folder is not None and self.preset is None:
            print(describe(self.folder))
        elif self.preset is not None and self.folder is None:
            print(describe_preset(self.preset))
        else:
            raise ConfigError(
                "ipose info describes one thing",
                found="a folder and a preset" if self.folder else "neither a folder nor --preset",
                expected="a run or model folder, or --preset NAME",
            )
