import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from ipose.data.palette import PART_COLORS
from ipose.data.png import write_index
from ipose.data.support_folder import check_category_name, load_supports, read_supports, save_supports
from ipose.errors import SupportError
from ipose.part_annotations import SupportSet


def make_map(seed: int, parts: int, size: int = 64) -> torch.Tensor:
    rng = np.random.default_rng(seed)
    part = np.zeros((size, size), dtype=np.uint8)
    part[4:-4, 6:-6] = 1 + (rng.integers(0, 100) + np.arange(size - 8)[:, None] // 5) % parts
    return torch.from_numpy(part)


@pytest.fixture
def supports() -> SupportSet:
    return SupportSet(
        {"car": ("window", "wheel", "light", "license", "chassis"), "robot": ("head", "body")},
        {
            "car": torch.stack([make_map(i, 5) for i in range(3)]),
            "robot": torch.stack([make_map(i, 2) for i in range(3)]),
        },
    )


def recolour(path: Path, mode: str = "RGB") -> None:
    """Save a palette PNG as a paint program would: its colours, no palette."""
    with Image.open(path) as image:
        image.convert(mode).save(path)


class TestSupportFolder:
    """A support set saved as PNGs can be seen, edited by hand and loaded again."""

    def test_saved_supports_load_as_they_were(self, tmp_path: Path, supports: SupportSet) -> None:
        save_supports(supports, tmp_path / "s", provenance={"how": "drawn", "seed": 3})
        back = load_supports(tmp_path / "s")
        assert back.part_names == supports.part_names
        assert all(torch.equal(back.part_maps[name], supports.part_maps[name]) for name in supports.categories)
        assert json.loads((tmp_path / "s" / "supports.json").read_text())["provenance"] == {"how": "drawn", "seed": 3}
        assert read_supports(tmp_path / "s")[1] == []

    def test_the_maps_show_their_parts_in_colour(self, tmp_path: Path, supports: SupportSet) -> None:
        save_supports(supports, tmp_path)
        with Image.open(tmp_path / "robot" / "01_part.png") as image:
            seen = {colour for _, colour in image.convert("RGB").getcolors() or []}
        assert seen == {PART_COLORS[0], PART_COLORS[1], PART_COLORS[2]}

    @pytest.mark.parametrize("mode", ["RGB", "RGBA"])
    def test_a_map_repainted_in_the_palettes_colours_is_read(
        self, tmp_path: Path, supports: SupportSet, mode: str
    ) -> None:
        save_supports(supports, tmp_path)
        for path in tmp_path.glob("*/*.png"):
            recolour(path, mode)
        assert torch.equal(load_supports(tmp_path).part_maps["car"], supports.part_maps["car"])

    def test_three_drawn_masks_of_a_new_category_are_enough(self, tmp_path: Path) -> None:
        (tmp_path / "robot").mkdir()
        for number in range(3):
            write_index(tmp_path / "robot" / f"{number}_part.png", make_map(number, 3))
        drawn = load_supports(tmp_path)
        assert drawn.part_names == {"robot": ("part 1", "part 2", "part 3")}
        assert drawn.k == 3

    def test_a_known_category_has_the_papers_names(self, tmp_path: Path) -> None:
        (tmp_path / "cat").mkdir()
        write_index(tmp_path / "cat" / "a_part.png", make_map(0, 2))
        assert load_supports(tmp_path).part_names == {"cat": ("head", "torso", "leg", "tail")}

    def test_a_drawing_of_any_size_is_cropped_to_the_object_frame(self, tmp_path: Path) -> None:
        (tmp_path / "cat").mkdir()
        canvas = torch.zeros(300, 400, dtype=torch.uint8)
        canvas[50:251, 100:301] = 1
        write_index(tmp_path / "cat" / "a_part.png", canvas)
        (part_map,) = load_supports(tmp_path).part_maps["cat"]
        assert part_map.shape == (64, 64)
        assert part_map[1:63, 1:63].all()

    def test_saving_over_supports_is_refused(self, tmp_path: Path, supports: SupportSet) -> None:
        save_supports(supports, tmp_path)
        with pytest.raises(SupportError, match="there are supports already"):
            save_supports(supports, tmp_path)

    @pytest.mark.parametrize(
        ("spoil", "message"),
        [
            (lambda d: write_index(d / "car" / "01_part.png", torch.full((64, 64), 9, dtype=torch.uint8)), "found 9"),
            (
                lambda d: write_index(d / "car" / "01_part.png", torch.full((64, 64), 255, dtype=torch.uint8)),
                "grey value 1",
            ),
            (lambda d: write_index(d / "robot" / "01_part.png", make_map(0, 3)), "'robot' does not have: found 3"),
            (lambda d: write_index(d / "car" / "01_part.png", make_map(0, 1) * 0), "support without a part"),
            (lambda d: (d / "car" / "01_part.png").unlink(), "same number of supports: found 2"),
            (lambda d: (d / "car" / "01_part.png").write_bytes(b""), "empty file"),
            (lambda d: Image.new("RGB", (64, 64), (255, 0, 0)).save(d / "car" / "01_part.png"), "not the palette's"),
            (lambda d: (d / "supports.json").write_text("{"), "not a JSON file"),
            (lambda d: (d / "supports.json").write_text("[]"), "not a JSON object"),
            (lambda d: (d / "supports.json").write_text('{"part_names": {"car": []}}'), "not part names by category"),
            (lambda d: [p.unlink() for p in (d / "robot").iterdir()], "category without part maps"),
        ],
    )
    def test_every_fault_is_named(
        self, tmp_path: Path, supports: SupportSet, spoil: Callable[[Path], object], message: str
    ) -> None:
        save_supports(supports, tmp_path)
        spoil(tmp_path)
        assert message in "\n".join(map(str, read_supports(tmp_path)[1]))
        with pytest.raises(SupportError, match=r"1 fault in the supports"):
            load_supports(tmp_path)

    def test_a_folder_without_supports_says_what_was_expected(self, tmp_path: Path) -> None:
        with pytest.raises(SupportError, match=r"no supports: found an empty folder, expected <category>/\*_part\.png"):
            load_supports(tmp_path)
        with pytest.raises(SupportError, match="no such folder"):
            load_supports(tmp_path / "gone")

    @pytest.mark.parametrize("name", ["", " ", ".hidden", "..", "a/b", "../a", "/a"])
    def test_names_that_would_write_elsewhere_than_in_an_own_folder_are_refused(
        self, tmp_path: Path, name: str
    ) -> None:
        with pytest.raises(SupportError, match="category name that cannot be a folder name"):
            check_category_name(name, tmp_path)

    def test_a_category_that_cannot_be_a_folder_is_refused(self, tmp_path: Path, supports: SupportSet) -> None:
        bad = replace(supports, part_names={"a/b": ("x",) * 5}, part_maps={"a/b": supports.part_maps["car"]})
        with pytest.raises(SupportError, match="cannot be a folder name"):
            save_supports(bad, tmp_path)

    def test_part_names_in_the_json_can_be_edited(self, tmp_path: Path, supports: SupportSet) -> None:
        save_supports(supports, tmp_path)
        content = json.loads((tmp_path / "supports.json").read_text())
        content["part_names"]["robot"].append("antenna")
        (tmp_path / "supports.json").write_text(json.dumps(content))
        assert load_supports(tmp_path).part_names["robot"] == ("head", "body", "antenna")
