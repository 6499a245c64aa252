"""`ipose data build-parts`: part pairs from a published source to a part tree that PartNet trains on."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ipose.data.file_lists import is_free
from ipose.data.parallel import progress_bar
from ipose.data.part_manifest import MANIFEST_FILE, BuiltSource, PartManifest, read_manifest, write_manifest
from ipose.data.part_sources.build_items import ItemResult, Journal, build_items
from ipose.data.part_sources.source import PartSource
from ipose.data.support_folder import SUPPORTS_FILE, save_supports
from ipose.errors import DataError
from ipose.tables import text_table


@dataclass(frozen=True)
class BuiltParts:
    """What a build made."""

    out: Path
    source: BuiltSource
    supports: Mapping[int, Path]

    def table(self) -> str:
        """Pairs by category and split."""
        splits = sorted({split for counts in self.source.pairs.values() for split in counts} | {"train", "val"})
        rows = [
            [category, *(str(counts.get(split, 0)) for split in splits)]
            for category, counts in self.source.pairs.items()
        ]
        return text_table(["category", *splits], rows)


def build_parts(source: PartSource, out: Path, *, workers: int | None = None) -> BuiltParts:
    """Write all pairs of a source as a part tree; go on where an earlier build stopped.

    Run again after an interruption, it ends with the very files of an undisturbed build. Run again after a finished
    build, it reads only what was left out. Several sources may go into one folder, one after the other. Files that are
    there are never changed.

    Args:
        source: opened by `open_part_source`.
        out: folder of the tree: new, empty, or built before.
        workers: number of processes. None = one a core, as far as there is work for them.
    Raises:
        DataError: a folder that holds something else; a build of another source; nothing in the source can be used.
        RunError: a worker process died.
    """
    before = _check_folder(source, out)
    dropped = tuple(map(str, source.dropped))
    begun = BuiltSource(source.kind, str(source.root), source.fingerprint, dropped=dropped)
    known = {item.kind: item for item in before.sources}
    out.mkdir(parents=True, exist_ok=True)
    write_manifest(out, _with(before, known.get(source.kind, begun), {}))
    journal = Journal(out, source.kind)
    todo = [item for item in source.items if not journal.done(item.name)]
    results = journal.add(build_items(source.reader, out, todo, workers))
    for _ in progress_bar(results, f"{source.kind} to {out}", total=len(todo)):
        pass
    built = _summary(begun, [journal.results[item.name] for item in source.items])
    if not built.pairs:
        _remove_traces(out, before, journal)
        raise _useless(source, built)
    supports = _write_supports(source, out)
    write_manifest(out, _with(before, built, source.part_names))
    return BuiltParts(out, built, supports)


def _check_folder(source: PartSource, out: Path) -> PartManifest:
    """What the folder says of itself; an error where the source cannot go into it."""
    if source.root.resolve() in (out.resolve(), *out.resolve().parents):
        raise DataError("a source is not built into itself", file=out, mend="Name a folder outside the source.")
    manifest = read_manifest(out)
    stays = "this one stays as it is."
    if manifest is None and not is_free(out):
        expected = "a new folder, or one that build-parts made"
        raise DataError("this folder holds something else", file=out, expected=expected, mend=f"Name another; {stays}")
    manifest = manifest or PartManifest()
    for item in manifest.sources:
        if item.kind == source.kind and item.fingerprint != source.fingerprint:
            what = f"this folder was built from another {item.kind} source"
            found = f"other files, or another merge table, than {source.root} has now"
            raise DataError(what, file=out, found=found, mend=f"Build into a new folder; {stays}")
    for category, names in source.part_names.items():
        if (there := manifest.part_names.get(category, names)) != names:
            what = f"category {category!r} has other parts here than in the source"
            found, expected = ", ".join(names), ", ".join(there)
            raise DataError(what, file=out, found=found, expected=expected, mend="Build into a folder of its own.")
    return manifest


def _with(manifest: PartManifest, built: BuiltSource, part_names: Mapping[str, tuple[str, ...]]) -> PartManifest:
    """The manifest with one source brought up to date, and with the names of the parts that it shows."""
    shown = {category: part_names[category] for category in built.pairs if category in part_names}
    names = dict(sorted({**manifest.part_names, **shown}.items()))
    sources = {item.kind: item for item in manifest.sources} | {built.kind: built}
    return replace(manifest, part_names=names, sources=tuple(sources.values()))


def _summary(begun: BuiltSource, results: Sequence[ItemResult]) -> BuiltSource:
    counts: dict[str, Counter[str]] = {}
    for result in results:
        for category, count in result.pairs.items():
            counts.setdefault(category, Counter())[result.split] += count
    pairs = {category: dict(sorted(splits.items())) for category, splits in sorted(counts.items())}
    faults = tuple(result.fault for result in results if result.fault is not None)
    return replace(begun, finished=True, pairs=pairs, left_out=faults)


def _remove_traces(out: Path, before: PartManifest, journal: Journal) -> None:
    """Leave the folder as it was before a build that gave nothing."""
    journal.remove()
    if before.sources:
        write_manifest(out, before)
        return
    (out / MANIFEST_FILE).unlink()
    if not any(out.iterdir()):
        out.rmdir()


def _useless(source: PartSource, built: BuiltSource) -> DataError:
    count = len(source.items)
    if built.left_out:
        first = f"the first one says: {built.left_out[0]}"
        return DataError(f"none of the {count} items can be read as {source.kind}; {first}", file=source.root)
    found, mend = f"{count} items of kind {source.kind}", "Check that these are the part annotations of their data set."
    return DataError("no object with a labelled part", file=source.root, found=found, mend=mend)


def _write_supports(source: PartSource, out: Path) -> dict[int, Path]:
    """The support sets that a source brings, as support folders; those that are there stay."""
    folders = {k: out / "supports" / str(k) for k in source.supports}
    for k, folder in folders.items():
        if not (folder / SUPPORTS_FILE).is_file():
            save_supports(source.supports[k], folder, provenance={"source": f"{source.kind} {source.root}"})
    return folders
