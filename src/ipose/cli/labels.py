"""`ipose labels convert|compare`: label maps in the words of another data set."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import FlagCreatePairsOff, Positional, arg, subcommand


@dataclass(frozen=True)
class LabelsConvert:
    """Convert label maps: colours to ids, label ids to train ids, the ids of one data set to those of another.

    A code is SPEC (ids), SPEC:color (colours) or SPEC:classes (class ids: COCO-Stuff's label + 1); SPEC is coco-stuff,
    cityscapes, cityscapes-trainids, ade20k, partworld, or the path of a dataset.toml. Says what is lost. Exit code 1
    where some maps could not be converted.
    """

    inputs: Annotated[Positional[Path], arg(metavar="IN")]
    """A PNG, or a folder: all PNGs in it and in its folders."""
    out: Annotated[Positional[Path], arg(metavar="OUT")]
    """File or folder to write. Files that are there are never replaced without --overwrite."""
    source: Annotated[str, arg(name="from")]
    """What the maps hold: a code."""
    target: Annotated[str, arg(name="to")]
    """What they shall hold: a code."""
    overwrite: FlagCreatePairsOff[bool] = False
    """Replace files of the same names. Without it the same command goes on where it was interrupted."""

    def run(self) -> int:
        """Convert and say what was lost."""
        from ipose.data.label_codes.codes import label_code
        from ipose.data.label_codes.files import convert_labels

        codes = label_code(self.source, "from"), label_code(self.target, "to")
        report = convert_labels(self.inputs, self.out, *codes, overwrite=self.overwrite)
        print(report.text())
        return 1 if report.faults else 0


@dataclass(frozen=True)
class LabelsCompare:
    """What each class of one code becomes in another."""

    source: Annotated[str, arg(name="from")]
    """A code, as for convert."""
    target: Annotated[str, arg(name="to")]
    """Another."""

    def run(self) -> None:
        """Print the table."""
        from ipose.data.label_codes.codes import label_code
        from ipose.data.label_codes.files import compare_codes

        print(compare_codes(label_code(self.source, "from"), label_code(self.target, "to")))


@dataclass(frozen=True)
class Labels:
    """Label maps in the words of another data set."""

    which: Annotated[LabelsConvert, subcommand("convert")] | Annotated[LabelsCompare, subcommand("compare")]

    def run(self) -> int | None:
        """Run the chosen one."""
        return self.which.run()
