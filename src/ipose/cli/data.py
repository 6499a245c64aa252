"""`ipose doctor`, `ipose data`, `ipose partworld`: data sets, checked, built and written."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from tyro.conf import Positional, arg, subcommand

from ipose.cli.printing import INTERRUPTED
from ipose.data.data_config import DataConfig, WorldFlags

if TYPE_CHECKING:
    from ipose.data.doctor import Diagnosis
    from ipose.data.photo_diagnosis import PhotoDiagnosis

LEFT_OUT_SHOWN = 10
"""How many of the items that a build left out are printed; parts.json lists all."""

SHEET_ROWS = 8
"""How many imported scenes are shown."""

SourceKind = Literal["cityscapes-pps", "pascal-pps", "partimagenet", "release", "scenes", "part-tree"]


@dataclass(frozen=True)
class Doctor:
    """Read every file of a data set and say what is wrong with it, and how to mend it. Exit code 1 for faults."""

    root: Positional[Path]
    """Scene folder ({train,val}_{img,label,inst}/, optionally {train,val}_part/), or Cityscapes (leftImg8bit/, gtFine/)
    or ADE20K (images/, annotations/, annotations_instance/) as downloaded; or a folder of photographs without labels,
    Flowers-102, CUB-200-2011, CelebA or Taichi. Folders within these are read, too; hidden files and what desktops
    leave are passed over, and said."""
    spec: str | None = None
    """What the label ids mean: a built-in spec's name or a dataset.toml. None = the folder's own dataset.toml, or what
    Cityscapes and ADE20K mean."""
    supports: Path | None = None
    """Support folder: every part category in use must be in it. None = no supports are looked at."""

    def run(self) -> int:
        """Examine and print."""
        from ipose.data.doctor import examine_scenes
        from ipose.data.faults import SHOWN_BY_COMMANDS, fault_lines, folded
        from ipose.data.importing.recognise import export_in_words
        from ipose.data.open_data import spec_source
        from ipose.data.photo_doctor import DATA_SETS_IN_WORDS, examine_photographs, is_photo_set

        if self.spec is None and (words := export_in_words(self.root)):
            print(words)
            return 1
        diagnosis: Diagnosis | PhotoDiagnosis
        advice: list[str] = []
        if self.spec is None and self.supports is None and is_photo_set(self.root):
            diagnosis = examine_photographs(self.root)
        else:
            spec = spec_source(DataConfig(data=str(self.root), spec=self.spec), DATA_SETS_IN_WORDS)
            diagnosis = examine_scenes(self.root, spec, supports=self.supports)
            advice = diagnosis.advice()
        print(diagnosis.table())
        for line in fault_lines(folded(diagnosis.faults), SHOWN_BY_COMMANDS, before="FAULT "):
            print(line)
        print("\n".join([*advice, diagnosis.summary()]))
        return 0 if diagnosis.ok else 1


@dataclass(frozen=True)
class BuildParts:
    """Build part pairs to train PartNet on (iPOSE suppl. A): crops of 64x64, with a contact sheet a category.

    Sources: Cityscapes-PPS and Pascal-VOC-PPS (TIFFs), PartImageNet (JSON), the authors' release, a scene folder with
    part maps, a part tree. Run it again after an interruption: it goes on. Run it for several sources into one folder:
    they come together. Exit code 1 where images had to be left out. A fault
    of a single annotation is dropped, counted and named; the rest of the image is used.
    """

    source: Annotated[Positional[Path], arg(metavar="SOURCE")]
    """Folder of the source, as unpacked."""
    out: Annotated[Positional[Path], arg(metavar="OUT")]
    """Folder to write: <category>/{train,val}/<name>_part.png, parts.json, sheets/."""
    kind: SourceKind | None = None
    """What the source is. None = its layout tells."""
    table: Path | None = None
    """Merge table (TOML) in place of the built-in one of cityscapes-pps or pascal-pps."""
    spec: str | None = None
    """Scene folders: what the label ids mean. None = the folder's own dataset.toml."""
    workers: int | None = None
    """Processes. None = one a core."""

    def run(self) -> int:
        """Build, and say what there is to look at."""
        from ipose.data.part_sources.build import build_parts
        from ipose.data.part_sources.recognise import open_part_source
        from ipose.errors import ConfigError
        from ipose.reports.part_sheets import draw_built_parts

        if self.workers is not None and self.workers < 1:
            raise ConfigError("no process to work", field="workers", found=self.workers, expected="1 or more")
        source = open_part_source(self.source, self.kind, table=self.table, spec=self.spec)
        print(f"{self.source} is of kind {source.kind}: {len(source.items)} items")
        try:
            built = build_parts(source, self.out, workers=self.workers)
        except KeyboardInterrupt:
            print("Stopped. What is built stays; the same command goes on from there.")
            return INTERRUPTED
        draw_built_parts(built)
        print(built.table())
        for fault in built.source.left_out[:LEFT_OUT_SHOWN]:
            print(f"FAULT {fault}")
        if built.source.left_out:
            print(f"{len(built.source.left_out)} of {len(source.items)} items were left out; mend them and run again.")
        for fault in built.source.dropped[:LEFT_OUT_SHOWN]:
            print(f"DROPPED {fault}")
        if built.source.dropped:
            print(f"{len(built.source.dropped)} faults were dropped, the rest of their images is used; see parts.json.")
        for k, folder in built.supports.items():
            print(f"{k} supports a category: {folder}")
        print(f"Part pairs in {self.out}; look at {self.out}/sheets/")
        return 1 if built.source.left_out else 0


@dataclass(frozen=True)
class PartSheets:
    """Draw the contact sheets of a part tree, one a category."""

    tree: Positional[Path]
    """Folder of the tree: <category>/{train,val}/<name>_part.png."""
    out: Path | None = None
    """Folder for the sheets. None = sheets/ in the tree."""

    def run(self) -> None:
        """Draw."""
        from ipose.reports.part_sheets import write_part_sheets

        for sheet in write_part_sheets(self.tree, self.out):
            print(sheet)


@dataclass(frozen=True)
class Import:
    """Own data, from what annotation tools write, to a scene folder to train on.

    Sources: COCO JSON (polygons, run lengths, crowds, panoptic), LabelMe JSONs, coloured masks with a legend, index
    PNGs. The source is not changed. Exit code 1 where photographs had to be left out.
    """

    source: Annotated[Positional[Path], arg(metavar="SOURCE")]
    """The JSON, or the folder of the export."""
    out: Annotated[Positional[Path], arg(metavar="OUT")]
    """Scene folder to write; it must be new or empty."""
    images: Path | None = None
    """Folder of the photographs. None = the source's own folder."""
    masks: Path | None = None
    """Folder of the masks. None = one of the usual names, or beside the photographs."""
    legend: Path | None = None
    """Masks: text file that says what colours or ids mean, such as "car 128 0 0". None = labelmap.txt or legend.txt."""
    things: tuple[str, ...] = ()
    """Masks: names of the classes whose regions are objects. None given = all but the background."""
    val: float = 0.1
    """Share of the scenes that become validation scenes."""
    seed: int = 0
    """Of the division into train and val."""
    group: str = ""
    """Regular expression. Scenes whose names match it with the same text stay in one split: "(trip[0-9]+)_"."""

    def run(self) -> int:
        """Import, draw the sheet, and say what comes next."""
        from ipose.data.importing.recognise import open_import_source
        from ipose.data.importing.write import import_scenes
        from ipose.data.scene_folder import SceneFolder
        from ipose.reports.sheets import SceneRow, scene_sheet
        from ipose.whole_files import save_whole

        source = open_import_source(
            self.source, images=self.images, masks=self.masks, legend=self.legend, things=self.things or None
        )
        imported = import_scenes(source, self.out, val=self.val, seed=self.seed, group=self.group)
        print(imported.text())
        sheet = self.out / "sheet.png"
        scenes = SceneFolder(self.out, "train", imported.spec)[:SHEET_ROWS]
        save_whole(scene_sheet([SceneRow(scene) for scene in scenes], imported.spec), sheet)
        print(f"Look at {sheet}; then: ipose doctor {self.out}")
        return 1 if imported.faults else 0


@dataclass(frozen=True)
class Data:
    """Own data, imported from annotation tools; part data, built from the published sources; sheets to look at."""

    which: (
        Annotated[Import, subcommand("import")]
        | Annotated[BuildParts, subcommand("build-parts")]
        | Annotated[PartSheets, subcommand("sheets")]
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
        from ipose.data.scene_folder import refuse_split, write_scene_folder

        data = DataConfig(**{field.name: getattr(self, field.name) for field in fields(WorldFlags)})
        spec = open_spec(data).labels
        for split in ("train", "val"):
            refuse_split(self.out, split, spec)
        for split in ("train", "val"):
            scenes = open_scenes(data, split, self.size)
            write_scene_folder(scenes, self.out, split, spec)
            print(f"{len(scenes)} {split} scenes in {self.out}")
