"""`ipose doctor`, `ipose supports`, `ipose partworld`: what goes into a training."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from tyro.conf import Positional, subcommand

from ipose.cli.unsupervised_supports import SupportsCompare, SupportsFromSegmenter
from ipose.data.data_config import DataConfig, WorldFlags

if TYPE_CHECKING:
    from ipose.data.faults import Diagnosis
    from ipose.data.photo_diagnosis import PhotoDiagnosis


@dataclass(frozen=True)
class Doctor:
    """Read every file of a data set and say what is wrong with it, and how to mend it. Exit code 1 for faults."""

    root: Positional[Path]
    """Scene folder ({train,val}_{img,label,inst}/, optionally {train,val}_part/), or Cityscapes (leftImg8bit/, gtFine/)
    or ADE20K (images/, annotations/, annotations_instance/) as downloaded; or a folder of photographs without labels,
    Flowers-102, CUB-200-2011, CelebA in the wild or Taichi."""
    spec: str | None = None
    """What the label ids mean: a built-in spec's name or a dataset.toml. None = the folder's own dataset.toml, or what
    Cityscapes and ADE20K mean."""
    supports: Path | None = None
    """Support folder: every part category in use must be in it. None = do not ask."""

    def run(self) -> int:
        """Examine and print."""
        from ipose.data.doctor import examine
        from ipose.data.open_data import spec_source
        from ipose.data.photo_doctor import EXAMINED, examine_photographs, is_photo_set

        diagnosis: Diagnosis | PhotoDiagnosis
        if self.spec is None and self.supports is None and is_photo_set(self.root):
            diagnosis = examine_photographs(self.root)
        else:
            spec = spec_source(DataConfig(data=str(self.root), spec=self.spec), EXAMINED)
            diagnosis = examine(self.root, spec, supports=self.supports)
        print(diagnosis.table())
        for fault in diagnosis.faults:
            print(f"FAULT {fault}")
        print(diagnosis.summary())
        return 0 if diagnosis.ok else 1


@dataclass(frozen=True, kw_only=True)
class SupportsBuild:
    """Choose k support objects a category by k-means under the geometric score (iPOSE suppl. A.2)."""

    out: Path
    """Folder to write: <category>/<n>_part.png and supports.json."""
    data: DataConfig
    k: int = 3
    """Supports a category (P: 3; 1..4 in table 4)."""
    seed: int = 0
    """Of the k-means starts."""

    def run(self) -> None:
        """Choose, write, draw a sheet."""
        from ipose.data.open_data import open_part_pairs
        from ipose.data.support_folder import save_supports
        from ipose.reports.sheets import supports_sheet

        supports = open_part_pairs(self.data).choose_supports(self.k, self.seed)
        save_supports(supports, self.out)
        supports_sheet(supports).save(self.out / "sheet.png")
        print(f"{self.k} supports of {len(supports.categories)} categories in {self.out}; look at {self.out}/sheet.png")


@dataclass(frozen=True)
class SupportsCheck:
    """Check a (hand-drawn) support folder. Exit code 1 for faults."""

    folder: Positional[Path]
    """Folder of supports."""

    def run(self) -> int:
        """Check and print."""
        from ipose.data.support_folder import check_supports, load_supports

        faults = check_supports(self.folder)
        for fault in faults:
            print(f"FAULT {fault}")
        if faults:
            return 1
        supports = load_supports(self.folder)
        for category in supports.categories:
            print(f"{category}: {supports.k} supports, parts {', '.join(supports.part_names[category])}")
        print("No faults found.")
        return 0


@dataclass(frozen=True)
class SupportsShow:
    """Draw a support folder as one sheet."""

    folder: Positional[Path]
    """Folder of supports."""
    out: Path = Path("supports.png")
    """The sheet."""

    def run(self) -> None:
        """Draw."""
        from ipose.data.support_folder import load_supports
        from ipose.reports.sheets import supports_sheet

        self.out.parent.mkdir(parents=True, exist_ok=True)
        supports_sheet(load_supports(self.folder)).save(self.out)
        print(self.out)


@dataclass(frozen=True)
class Supports:
    """Support part maps: all that PartNet is told of a category."""

    which: (
        Annotated[SupportsBuild, subcommand("build")]
        | Annotated[SupportsFromSegmenter, subcommand("from-segmenter")]
        | Annotated[SupportsCompare, subcommand("compare")]
        | Annotated[SupportsCheck, subcommand("check")]
        | Annotated[SupportsShow, subcommand("show")]
    )

    def run(self) -> int | None:
        """Run the chosen one."""
        return self.which.run()


@dataclass(frozen=True, kw_only=True)
class PartWorldScenes(WorldFlags):
    """Write PartWorld, the embedded data set, as a scene folder: to look at, or as a model for an own one."""

    out: Path
    """Folder to write."""
    size: tuple[int, int] = (128, 128)
    """Height and width of the scenes in pixels."""

    def run(self) -> None:
        """Draw and write both splits."""
        from ipose.data.open_data import open_scenes, open_spec
        from ipose.data.scene_folder import write_scene_folder

        data = DataConfig(**{field.name: getattr(self, field.name) for field in fields(WorldFlags)})
        for split in ("train", "val"):
            scenes = open_scenes(data, split, self.size)
            write_scene_folder(scenes, self.out, split, open_spec(data).labels, progress=True)
            print(f"{len(scenes)} {split} scenes in {self.out}")
