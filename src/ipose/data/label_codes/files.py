"""`ipose labels`: label maps from one code into another, a file or a whole folder, with an account of what is lost."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ipose.data.faults import SHOWN_BY_COMMANDS, Fault, counted, fault_lines, or_fault, raise_faults
from ipose.data.file_lists import is_free, list_files, names_in
from ipose.data.label_codes.codes import COLOR, IDS, LabelCode
from ipose.data.label_codes.maps import Conversion, Losses, code_ids, sum_losses
from ipose.data.parallel import in_parallel
from ipose.errors import DataError
from ipose.whole_files import read_json, write_text_whole

NOTE = ".ipose-labels.json"
"""Beside converted maps: what they were made from, so that an interrupted conversion goes on and no other joins in."""

ENDINGS = {
    ("cityscapes", IDS): "_gtFine_labelIds",
    ("cityscapes-trainids", IDS): "_gtFine_labelTrainIds",
    ("cityscapes", COLOR): "_gtFine_color",
}
"""What Cityscapes' file names end in, which hold maps of several codes side by side."""

InOut = Sequence[tuple[Path, Path]]
"""Files to read, each with the file to write."""


@dataclass(frozen=True)
class ConversionReport:
    """What a conversion did."""

    out: Path
    converted: int
    kept: int
    faults: tuple[Fault, ...]
    losses: Losses
    maps: Losses

    def text(self) -> str:
        """In a few lines."""
        kept = f"; {counted(self.kept, 'map')} there already (--overwrite converts again)" if self.kept else ""
        lines = [f"{counted(self.converted, 'map')} written to {self.out}{kept}"]
        if self.losses:
            lines += ["Lost, which converting back does not restore:", *self._loss_table()]
        if self.converted and not self.losses:
            lines.append("Nothing was lost: converting back gives the same maps.")
        return "\n".join([*lines, *fault_lines(self.faults, SHOWN_BY_COMMANDS, before="FAULT ")])

    def _loss_table(self) -> list[str]:
        """A line each, most pixels first."""
        rows = [("pixels", "maps", "class", "becomes", "")]
        for loss, pixels in self.losses.most_common():
            rows.append((f"{pixels:,}", str(self.maps[loss]), loss.name, loss.becomes, f"({loss.why})"))
        wide = [max(len(row[column]) for row in rows) for column in range(4)]
        return [
            f"  {pixels:>{wide[0]}}  {maps:>{wide[1]}}  {name:<{wide[2]}} -> {new:<{wide[3]}}  {why}".rstrip()
            for pixels, maps, name, new, why in rows
        ]


def convert_labels(
    inputs: Path, out: Path, source: LabelCode, target: LabelCode, *, overwrite: bool = False
) -> ConversionReport:
    """Convert one label map, or all PNGs in a folder and its folders.

    Args:
        inputs: a PNG, or a folder. Of Cityscapes' file names, those that hold `source` are taken, and renamed.
        out: for a PNG a file, or a folder that is there; for a folder a folder.
        overwrite: replace what is there. Else maps that an earlier call of the same conversion wrote are kept.
    Raises:
        DataError: nothing to convert; `out` is taken, or is the input; or no map at all could be converted.
    """
    conversion = Conversion(source, target)
    pairs = [_out_of_file(inputs, out)] if inputs.is_file() else _out_of_folder(inputs, out, source, target)
    for path, written in ((inputs, out), *pairs):
        if path.resolve() == written.resolve():
            what, mend = "the output is the input itself", "Name another one: the maps that are there stay as they are."
            raise DataError(what, file=written, expected="another file or folder", mend=mend)
    if inputs.is_file():
        due, file = pairs, pairs[0][1]
        if file.exists() and not overwrite:
            mend = "Name another one, or add --overwrite."
            raise DataError("file is there already", file=file, expected="a new file", mend=mend)
    else:
        _reserve_folder(inputs, out, source, target, overwrite=overwrite)
        due = [pair for pair in pairs if overwrite or not pair[1].exists()]

    def convert(pair: tuple[Path, Path]) -> Losses:
        return conversion.convert_file(*pair)

    results = list(in_parallel(or_fault(convert, lambda pair: pair[0]), due, "converting label maps"))
    faults = tuple(result for result in results if isinstance(result, Fault))
    if faults and len(faults) == len(pairs):
        _remove_note(out)
        if len(faults) == 1:
            raise faults[0].error()
        raise_faults(faults, f"label maps {inputs}")
    pixels, maps = sum_losses(result for result in results if not isinstance(result, Fault))
    place = pairs[0][1] if inputs.is_file() else out
    return ConversionReport(place, len(due) - len(faults), len(pairs) - len(due), faults, pixels, maps)


def compare_codes(source: LabelCode, target: LabelCode) -> str:
    """What each class of one code becomes in another, a line each."""
    conversion = Conversion(source, target)
    rows = []
    for number, (item, part) in enumerate(zip(source.spec.classes, conversion.parts, strict=True)):
        loss = conversion.loss(number)
        name = "(no class: refused)" if part.class_id is None else target.spec.classes[part.class_id].name
        old, new = _written_as(source, number), "" if part.class_id is None else _written_as(target, part.class_id)
        rows.append((old, item.name, new, loss.becomes if loss else name, loss.why if loss else ""))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return "\n".join(
        f"{a:>{widths[0]}} {b:<{widths[1]}} -> {c:>{widths[2]}} {d:<{widths[3]}}  {e}".rstrip()
        for a, b, c, d, e in rows
    )


def _written_as(code: LabelCode, class_id: int) -> str:
    if code.form == COLOR:
        return "#{:02x}{:02x}{:02x}".format(*code.spec.classes[class_id].color)
    return str(code_ids(code)[class_id])


def _out_of_file(path: Path, out: Path) -> tuple[Path, Path]:
    if out.is_dir():
        return path, out / path.name
    if out.suffix.lower() != ".png":
        expected = f"a PNG to write {path.name} to, or a folder that is there"
        mend = f"Write {out}.png, or make the folder first."
        raise DataError("not the name of a PNG", file=out, expected=expected, mend=mend)
    return path, out


def _out_of_folder(folder: Path, out: Path, source: LabelCode, target: LabelCode) -> InOut:
    if not folder.is_dir():
        expected = "a PNG or a folder of PNGs"
        raise DataError("no such file or folder", file=folder, expected=expected, mend="Check the path.")
    found = list_files(folder, (".png",), skip=out)  # what an earlier call wrote inside the folder is no input
    if not found:
        mend = "Name another folder."
        raise DataError("no map in this folder", file=folder, found=names_in(folder), expected="PNG files", mend=mend)
    old, new = (ENDINGS.get((code.spec.name, code.form), "") for code in (source, target))
    named = [path for path in found if old and path.stem.endswith(old)]
    if not named:
        return [(path, out / path.relative_to(folder)) for path in found]
    return [
        (path, out / path.relative_to(folder).with_name(f"{path.stem.removesuffix(old)}{new}.png")) for path in named
    ]


def _reserve_folder(inputs: Path, out: Path, source: LabelCode, target: LabelCode, *, overwrite: bool) -> None:
    """Make the folder and note what goes into it; a folder that holds anything else is refused."""
    note = {"from": source.text, "to": target.text, "input": str(inputs.resolve())}
    there = _read_note(out / NOTE)
    if out.is_dir() and not is_free(out) and there != note and not overwrite:
        found = f"maps from {there['from']} to {there['to']} of {there['input']}" if there else "other files"
        expected = "a new or empty folder, or one that this very conversion began to fill"
        mend = "Name another folder, or add --overwrite to replace files of the same names."
        raise DataError("folder is taken", file=out, found=found, expected=expected, mend=mend)
    out.mkdir(parents=True, exist_ok=True)
    write_text_whole(out / NOTE, json.dumps(note, indent=1) + "\n")


def _remove_note(out: Path) -> None:
    """Nothing was written: no note of it stays, and no empty folder."""
    if out.is_dir():
        (out / NOTE).unlink(missing_ok=True)
        if not any(out.iterdir()):
            out.rmdir()


def _read_note(path: Path) -> dict[str, str] | None:
    try:
        note = read_json(path)
        return {key: str(note[key]) for key in ("from", "to", "input")}
    except (OSError, ValueError, KeyError, TypeError):
        return None
