"""Pairs are written whole and never over others; a journal remembers what is done; processes give what one gives."""

from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

from ipose.data.part_pairs import write_pair
from ipose.data.part_sources.build_items import ItemResult, Journal, build_items
from ipose.data.part_sources.part_tree import open_part_tree
from ipose.data.part_sources.source import SourceItem
from ipose.errors import DataError, RunError
from ipose.part_annotations import PartPair


def pair(name: str = "a", category: str = "car", part: int = 1) -> PartPair:
    part_map = torch.zeros(64, 64, dtype=torch.uint8)
    part_map[8:40, 8:40] = part
    return PartPair(category, part_map > 0, part_map, name)


class TestJournal:
    """One line an item; the last may be torn."""

    results = (ItemResult("x", "train", {"car": 2}), ItemResult("y", "val", fault="y: damaged."))

    def test_remembers_what_is_done_and_what_was_left_out(self, tmp_path):
        assert list(Journal(tmp_path, "k").add(self.results)) == list(self.results)
        again = Journal(tmp_path, "k")
        assert again.results == {"x": self.results[0], "y": self.results[1]}
        assert [again.done(name) for name in "xyz"] == [True, False, False]

    def test_the_newest_line_counts(self, tmp_path):
        mended = ItemResult("y", "val", {"car": 1})
        list(Journal(tmp_path, "k").add([*self.results, mended]))
        assert Journal(tmp_path, "k").done("y")

    @pytest.mark.parametrize("torn", ['{"name": "z"', '{"name": "z", "split": "val"}'])
    def test_a_torn_last_line_does_not_count(self, tmp_path, torn):
        journal = Journal(tmp_path, "k")
        list(journal.add(self.results))
        with journal.path.open("a") as stream:
            stream.write(torn)
        again = Journal(tmp_path, "k")
        assert set(again.results) == {"x", "y"}
        list(again.add([ItemResult("z", "val")]))
        assert set(Journal(tmp_path, "k").results) == {"x", "y", "z"}

    def test_damage_before_the_last_line_says_so(self, tmp_path):
        journal = Journal(tmp_path, "k")
        list(journal.add(self.results))
        journal.path.write_text("no journal\n" + journal.path.read_text())
        with pytest.raises(DataError, match=r"k\.jsonl: damaged journal"):
            Journal(tmp_path, "k")


@dataclass(frozen=True)
class Reader:
    """A pair an item; the one called "bad" cannot be read."""

    def read(self, item: SourceItem) -> list[PartPair]:
        if item.name == "bad":
            raise DataError("damaged", file="bad.tif", mend="Get it again.")
        return [pair(item.name), pair(item.name, "dog")]


def files(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


class TestBuildItems:
    """Results in order, whatever the number of processes."""

    items = tuple(SourceItem(name, "train") for name in ("a", "bad", "c"))

    def test_an_item_that_cannot_be_read_is_left_out_with_its_sentence(self, tmp_path):
        results = list(build_items(Reader(), tmp_path, self.items, 1))
        assert [result.pairs for result in results] == [{"car": 1, "dog": 1}, {}, {"car": 1, "dog": 1}]
        assert [result.fault for result in results] == [None, "bad.tif: damaged. Get it again.", None]
        assert len(files(tmp_path)) == 4

    def test_processes_write_what_one_writes_in_the_same_order(self, tmp_path):
        for name in "abc":
            write_pair(pair(name), tmp_path / "tree", "train")
        source = open_part_tree(tmp_path / "tree")
        (tmp_path / "tree" / source.items[1].name).write_bytes(b"damaged")
        one = list(build_items(source.reader, tmp_path / "one", source.items, 1))
        two = list(build_items(source.reader, tmp_path / "two", source.items, 2))
        assert one == two
        assert [result.fault is None for result in two] == [True, False, True]
        assert files(tmp_path / "one") == files(tmp_path / "two")

    @pytest.mark.slow  # two processes that load torch in vain
    def test_a_process_that_dies_ends_the_build_with_a_sentence(self, tmp_path):
        with pytest.raises(RunError, match=r"a worker process died.*Run it again"):  # no process knows this module
            list(build_items(Reader(), tmp_path, self.items, 2))

    def test_nothing_to_do_is_fine(self, tmp_path):
        assert list(build_items(Reader(), tmp_path, (), 4)) == []
