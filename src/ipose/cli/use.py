"""`ipose parts`, `generate`, `report`, `info`: using what was trained."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tyro.conf import FlagCreatePairsOff, Positional

from ipose.errors import ConfigError


@dataclass(frozen=True)
class Parts:
    """Infer parts with PartNet alone: of drawn silhouettes, or of every object of label maps.

    Every pixel of a silhouette gets its most likely part: object pixels in ipose evaluate, whose AC and mIoU count
    "none", too.
    """

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
    attention: FlagCreatePairsOff[bool] = False
    """Also draw which pixels of the supports the centre of each inferred part read (NAME_attention.png)."""
    device: str = "cpu"
    """cpu, cuda, ..."""

    def run(self) -> None:
        """Infer and write."""
        from ipose.systems.checks import check_device
        from ipose.systems.partnet.parts import part_reader, write_parts

        check_device(self.device)
        reader = part_reader(self.model, self.supports, self.spec, device=self.device)
        for path in write_parts(
            reader,
            self.inputs,
            self.out,
            category=self.category,
            instances=self.instances,
            attention=self.attention,
        ):
            print(path)


@dataclass(frozen=True)
class Generate:
    """Make images from label maps: no data set, no photograph. Of a GANSeg model: images and parts from noise."""

    inputs: Positional[Path | None] = None
    """Index PNG of label ids, or a folder of them; none for a GANSeg model."""
    model: Path = field(kw_only=True)
    """Run or its model folder, of the system."""
    system: Literal["ipose", "groupdnet", "ganseg"] = "ipose"
    """Whose model it is; GroupDNet and GANSeg are recognised without being named."""
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
        from ipose.systems.checks import check_device

        check_device(self.device)
        self._refuse_segmenter()
        for path in self._from_noise() if self._is_ganseg() else self._from_maps():
            print(path)

    def _refuse_segmenter(self) -> None:
        from ipose.model_folder import model_format
        from ipose.segmentation.part_segmenter_config import FORMAT

        if model_format(self.model) == FORMAT:
            raise ConfigError(
                "a part segmenter makes no images",
                file=self.model,
                mend=f"See parts of photographs: ipose segment IMAGES --model {self.model}; or name its GANSeg run.",
            )

    def _is_ganseg(self) -> bool:
        from ipose.ganseg.pretrained import is_ganseg

        return self.system == "ganseg" or (self.system == "ipose" and is_ganseg(self.model))

    def _from_noise(self) -> Iterator[Path]:
        from ipose.ganseg.moves import MovePart
        from ipose.ganseg.pretrained import load_ganseg
        from ipose.systems.ganseg.generating import generate_ganseg

        if self.inputs is not None or self.instances is not None or self.keep_size or self.resample:
            raise ConfigError("GANSeg makes images of noise, not of label maps", mend="Drop the maps and --keep-size.")
        generator = load_ganseg(self.model).to(self.device)
        moves = [MovePart.parse(words) for words in self.move]
        return generate_ganseg(generator, self.out, seed=self.seed, count=self.count, moves=moves)

    def _from_maps(self) -> Iterator[Path]:
        from ipose.groupdnet.model import is_groupdnet
        from ipose.partnet.pretrained import model_folder
        from ipose.pipeline import IPose
        from ipose.systems.ipose.generating import generate_files

        if self.move:
            raise ConfigError(
                "only GANSeg has parts to move", field="move", mend="Name a GANSeg model, or drop --move."
            )
        if self.inputs is None:
            raise ConfigError("no label map", field="inputs", mend="Name an index PNG, or a folder of them.")
        if self.system == "groupdnet" or is_groupdnet(self.model):
            yield from self._from_codes(self.inputs)
            return
        if self.resample:
            model_folder(self.model)  # a folder that is not there is told so first
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
        from ipose.systems.groupdnet.generating import generate_groupdnet

        if self.parts is not None:
            raise ConfigError("GroupDNet knows no parts", field="parts", mend="Drop --parts.")
        names = ("instances", "seed", "count", "resample", "keep_size")
        model = GroupDNet.from_pretrained(self.model).to(self.device)
        return generate_groupdnet(model, inputs, self.out, **{name: getattr(self, name) for name in names})


@dataclass(frozen=True)
class Report:
    """Write a run's report.html anew, with the eval cards and tables that lie there by now."""

    folder: Positional[Path]
    """A run of any system. Eval cards are read from its cards/ (ipose evaluate RUN), tables from table-*.md beside."""

    def run(self) -> None:
        """Look again and write."""
        from ipose.systems.reporting import remake_report

        print(f"Looking at {self.folder} and its data ...", file=sys.stderr)
        print(remake_report(self.folder))


@dataclass(frozen=True)
class Info:
    """What a run or model folder holds, or what a preset sets: beside the paper and the authors' release."""

    folder: Positional[Path | None] = None
    """A run, or a model folder."""
    preset: str | None = None
    """In place of a folder: a preset's name. Prints each setting as paper | release | value."""

    def run(self) -> None:
        """Print."""
        from ipose.systems.describing import describe, describe_preset

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
