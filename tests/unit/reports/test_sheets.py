"""Claims about sheets and their layout."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from ipose.data.palette import BARE, INK, NOTHING, PAPER, PART_COLORS
from ipose.errors import ShapeMismatchError
from ipose.reports.contact_sheet import LegendEntry, Tile, TileRow, contact_sheet, enlarge
from ipose.reports.sheets import (
    SceneRow,
    class_legend,
    part_legend,
    parts_sheet,
    scene_sheet,
    scene_tiles,
    supports_sheet,
)


def count(page: Image.Image, color: tuple[int, int, int]) -> int:
    return int((np.asarray(page) == np.asarray(color, dtype=np.uint8)).all(-1).sum())


def plain(color: tuple[int, int, int], size: tuple[int, int] = (64, 64)) -> Image.Image:
    return Image.new("RGB", size, color)


class TestContactSheet:
    """contact_sheet keeps every tile whole and the page's margins free."""

    def test_small_pictures_grow_by_a_whole_factor_without_smoothing(self):
        picture = Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8))
        grown = enlarge(picture, side=176)
        assert grown.size == (192, 192)
        assert np.array_equal(np.asarray(grown)[1::3, 1::3], np.asarray(picture))

    def test_large_pictures_shrink_and_keep_their_aspect(self):
        assert enlarge(plain((1, 2, 3), (1024, 512)), side=176).size == (176, 88)

    def test_every_tile_is_on_the_page_in_full(self):
        colors = [(200, 10, 10), (10, 200, 10), (10, 10, 200)]
        page = contact_sheet([TileRow([Tile(plain(c), "x") for c in colors], "row")] * 2, "title")
        assert [count(page, color) for color in colors] == [2 * 192 * 192] * 3

    def test_the_margins_are_free(self):
        page = np.asarray(contact_sheet([TileRow([Tile(plain((9, 9, 9)), "a very long caption" * 9)], "row")], "title"))
        edges = np.concatenate([page[:16].reshape(-1, 3), page[:, :16].reshape(-1, 3), page[:, -16:].reshape(-1, 3)])
        assert (edges == PAPER).all()

    def test_a_long_caption_is_cut_to_its_picture(self):
        short, long = (contact_sheet([TileRow([Tile(plain((9, 9, 9)), text)])]) for text in ("x", "x" * 99))
        assert long.size == short.size

    def test_an_empty_place_keeps_its_neighbours_size(self):
        full, gap = Tile(plain((9, 9, 9), (32, 64))), Tile(None, "missing")
        assert contact_sheet([TileRow([full, gap])]).width == contact_sheet([TileRow([full, full])]).width

    def test_legend_swatches_have_their_colours(self):
        page = contact_sheet([TileRow([], legend=[LegendEntry(f"name {i}", (i, 250, 3)) for i in range(40)])])
        assert all(count(page, (i, 250, 3)) > 80 for i in range(40))

    def test_no_rows_make_an_empty_page(self):
        assert contact_sheet([]).size == (40, 40)


class TestSceneSheet:
    """scene_sheet shows one scene a line, everything there is and no more."""

    def row(self, scene) -> SceneRow:
        images = {"seed 1": torch.zeros(3, 8, 8), "seed 2": torch.zeros(3, 8, 8, dtype=torch.uint8)}
        return SceneRow(scene, scene.part, images)

    def test_columns_come_in_reading_order(self, scene, spec):
        captions = [tile.caption for tile in scene_tiles(self.row(scene), spec)]
        assert captions == ["label map", "instances", "true parts", "inferred parts", "seed 1", "seed 2", "original"]

    def test_a_map_alone_has_two_columns(self, scene, spec):
        bare = replace(scene, image=None, part=None)
        assert [tile.caption for tile in scene_tiles(SceneRow(bare), spec)] == ["label map", "instances"]

    def test_a_scene_without_true_parts_keeps_the_place_empty(self, scene, spec):
        full, without = self.row(scene), self.row(replace(scene, name="two", part=None))
        assert scene_sheet([full, without], spec).width == scene_sheet([full, full], spec).width
        assert scene_sheet([without], spec).width < scene_sheet([full], spec).width

    def test_the_legend_names_the_classes_that_occur(self, scene, spec):
        assert [entry.name for entry in class_legend([scene], spec)] == ["sky", "car", "cat", "road"]
        only_road = replace(scene, label=torch.full_like(scene.label, 3))
        assert class_legend([only_road], spec) == [LegendEntry("road", (90, 90, 90))]

    def test_part_names_of_absent_categories_are_left_out(self, scene, spec):
        known = scene_sheet([self.row(scene)], spec, {"car": ("window", "wheel")})
        absent = scene_sheet([self.row(scene)], spec, {"sofa": ("sofa",)})
        assert absent.height == scene_sheet([self.row(scene)], spec).height < known.height

    def test_no_scenes_make_an_empty_page(self, spec):
        assert scene_sheet([], spec).size == (40, 40)


class TestGreys:
    """Grey means one thing on every sheet, and the legend says what."""

    def sheets(self, scene, spec, supports):
        shapes = supports.part_maps["car"] > 0
        row = SceneRow(scene, images={})
        yield scene_sheet([row], spec)
        yield supports_sheet(supports)
        yield parts_sheet(shapes, supports.part_maps["car"])

    def test_both_greys_have_a_swatch_on_every_sheet(self, scene, spec, supports, monkeypatch):
        seen = []

        def noted(rows, *_, **__):
            seen.append(rows)
            return Image.new("RGB", (1, 1))

        monkeypatch.setattr("ipose.reports.sheets.contact_sheet", noted)
        list(self.sheets(scene, spec, supports))
        for rows in seen:
            entries = {entry.color: entry.name for entry in rows[-1].legend}
            assert entries[BARE] == "object pixel without a part"
            assert entries[NOTHING] == "no object"

    def test_the_dark_pixels_of_instances_have_a_swatch(self, scene, spec, monkeypatch):
        seen = []
        monkeypatch.setattr(
            "ipose.reports.sheets.contact_sheet", lambda rows, *_: (seen.extend(rows), Image.new("RGB", (1, 1)))[1]
        )
        scene_sheet([SceneRow(scene)], spec)
        assert {entry.color: entry.name for entry in seen[-1].legend}[INK] == "border between two objects"

    def test_a_missing_picture_is_blank_and_not_grey(self):
        page = contact_sheet([TileRow([Tile(plain((9, 9, 9))), Tile(None, "missing")])])
        assert count(page, NOTHING) < 10  # a pixel of a letter may have any grey


class TestOtherSheets:
    """supports_sheet and parts_sheet."""

    def test_supports_show_k_maps_of_every_category_and_a_swatch_for_each_part(self, supports):
        page = supports_sheet(supports)
        pixels = 4 * int((supports.part_maps["car"] == 2).sum() + (supports.part_maps["cat"] == 2).sum())
        assert pixels < count(page, PART_COLORS[2]) < pixels + 400  # 128 pixels a side: four to one; the rest swatches

    def test_part_names_go_with_the_colours_of_parts_one_two_and_on(self):
        assert part_legend(["head", "leg"]) == [("head", PART_COLORS[1]), ("leg", PART_COLORS[2])]

    def test_wrong_pixels_are_marked_one_by_one(self, supports):
        true = supports.part_maps["car"]
        predicted = true.clone()
        predicted[0, 20, 20:27] = 5
        red = (200, 30, 45)
        assert count(parts_sheet(true > 0, predicted, true), red) == 7 * 9
        assert count(parts_sheet(true > 0, true, true), red) == 0

    def test_without_the_truth_nothing_is_marked(self, supports):
        true = supports.part_maps["car"]
        assert parts_sheet(true > 0, true).width < parts_sheet(true > 0, true, true).width

    def test_every_object_needs_its_name(self, supports):
        true = supports.part_maps["car"]
        with pytest.raises(ShapeMismatchError, match="found 1, expected 3"):
            parts_sheet(true > 0, true, names=["one"])
