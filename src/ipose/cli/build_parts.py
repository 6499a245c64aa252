"""`ipose data build-parts`, `ipose data sheets`: part data from its published sources, and how they look."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import Positional, arg, subcommand

FAULTS_SHOWN = 10

INTERRUPTED = 130
"""Exit code of a command that Ctrl-C ended."""

Kind = Literal["cityscapes-pps", "pascal-pps", "partimagenet", "release", "scenes", "part-tree"]


@dataclass(frozen=True)
class BuildParts:
    """Build part pairs to train PartNet on (iPOSE suppl. A): crops of 64x64, with a contact sheet a category.

    Sources: Cityscapes-PPS and Pascal-VOC-PPS (TIFFs), PartImageNet (JSON), the authors' release, a scene folder with
    part maps, a part tree. Run it again after an interruption: it goes on. Run it for several sources into one folder:
    they come together. Exit code 1 where images had to be left out.
    """

    source: Annotated[Positional[Path], arg(metavar="SOURCE")]
    """Folder of the source, as unpacked."""
    out: Annotated[Positional[Path], arg(metavar="OUT")]
    """Folder to write: <category>/{train,val}/<name>_part.png, parts.json, sheets/."""
    kind: Kind | None = None
    """What the source is. None = its layout tells."""
    table: Path | None = None
    """Merge table (TOML) in place of the built-in one of cityscapes-pps or pascal-pps."""
    spec: str | None = None
    """Scene folders: what the label ids mean. None = the folder's own dataset.toml."""
    workers: int | None = None
    """Processes. None = one a core."""

    def run(self) -> int:
        """Build, and say what there is to look at."""
        from ipose.data.part_sources.recognise import open_part_source
        from ipose.errors import ConfigError
        from ipose.part_building.build import build_parts

        if self.workers is not None and self.workers < 1:
            raise ConfigError("no process to work", field="workers", found=self.workers, expected="1 or more")
        source = open_part_source(self.source, self.kind, table=self.table, spec=self.spec)
        print(f"{self.source} is of kind {source.kind}: {len(source.items)} items")
        try:
            built = build_parts(source, self.out, workers=self.workers)
        except KeyboardInterrupt:
            print("Stopped. What is built stays; the same command goes on from there.")
            return INTERRUPTED
        print(built.table())
        for fault in built.source.left_out[:FAULTS_SHOWN]:
            print(f"FAULT {fault}")
        if built.source.left_out:
            print(f"{len(built.source.left_out)} of {len(source.items)} items were left out; mend them and run again.")
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
        from ipose.part_building.sheets import write_part_sheets

        for sheet in write_part_sheets(self.tree, self.out):
            print(sheet)


@dataclass(frozen=True)
class Data:
    """Part data: built from the published sources, and looked at."""

    which: Annotated[BuildParts, subcommand("build-parts")] | Annotated[PartSheets, subcommand("sheets")]

    def run(self) -> int | None:
        """Run the chosen one."""
        return self.which.run()
