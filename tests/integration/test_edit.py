"""`ipose edit`: before and after on a sheet, a record beside them, and no file where the edit makes no sense."""

import json

import pytest
import torch
from PIL import Image

from ipose.data.png import read_index
from ipose.editing.draft import own_pixels
from ipose.editing.edit import Edits
from ipose.editing.layout_edits import RemoveObject
from ipose.editing.noise_edits import Blend, Resample
from ipose.evaluation.eval_card import read_cards
from ipose.pipeline import IPose
from ipose.systems.ipose.edit import edited_region, scene_to_edit


@pytest.fixture(scope="module")
def scene_file(scene_folder):
    return sorted((scene_folder / "val_label").glob("*.png"))[0]


@pytest.fixture
def edit(ipose, tiny, scene_folder, scene_file, tmp_path):
    """`edit("--drop", "dog:leg")`: runs it and returns its answer."""

    def run(*words):
        given = ["edit", scene_file, "--model", tiny.synthesis, "--instances", scene_folder / "val_inst"]
        return ipose(*given, "--out", tmp_path / "edited", *words)

    return run


def pixels(path):
    with Image.open(path) as image:
        return torch.frombuffer(bytearray(image.convert("RGB").tobytes()), dtype=torch.uint8)


class TestEdit:
    """One command, one scene."""

    def test_writes_images_parts_a_record_and_a_sheet(self, edit, scene_file, tmp_path):
        done = edit("--resample", "object=0", "--drop", "dog:leg", "--seed", "3")
        assert done.code == 0, done.err
        names = {path.name.removeprefix(scene_file.stem) for path in (tmp_path / "edited").iterdir()}
        images = {f"_{what}{when}.png" for what in ("", "parts_") for when in ("before", "after")}
        assert names == {*images, "_sheet.png", "_edit.json", "cards"}
        assert len(done.out.splitlines()) == 8
        record = json.loads((tmp_path / "edited" / f"{scene_file.stem}_edit.json").read_text())
        assert record == {
            "scene": scene_file.stem,
            "seed": 3,
            "edits": [
                {"edit": "EditSupports", "category": "dog", "drop": "leg"},
                {"edit": "Resample", "object": 0},
            ],
        }
        assert read_index(tmp_path / "edited" / f"{scene_file.stem}_parts_after.png").shape == (64, 64)

    def test_before_is_what_generate_makes(self, edit, ipose, tiny, scene_folder, scene_file, tmp_path):
        assert edit("--resample", "everything", "--seed", "3").code == 0
        words = ("--instances", scene_folder / "val_inst", "--seed", "3", "--count", "2", "--out", tmp_path / "made")
        assert ipose("generate", scene_file, "--model", tiny.synthesis, *words).code == 0
        before, made = tmp_path / "edited" / f"{scene_file.stem}_before.png", tmp_path / "made"
        assert torch.equal(pixels(before), pixels(made / f"{scene_file.stem}_seed3.png"))

    def test_several_regions_and_a_new_seed(self, edit, scene_file, tmp_path):
        done = edit("--resample", "object=0", "--resample", "object=1", "--new-seed", "9", "--blend", "1", "2", "0.5")
        assert done.code == 0, done.err
        record = json.loads((tmp_path / "edited" / f"{scene_file.stem}_edit.json").read_text())
        assert record["edits"] == [
            {"edit": "Blend", "seed_a": 1, "seed_b": 2, "t": 0.5},
            {"edit": "Resample", "object": 0, "seed": 9},
            {"edit": "Resample", "object": 1, "seed": 9},
        ]

    def test_a_drawn_part_map_takes_the_place_of_the_supports(self, edit, tiny, tmp_path):
        drawn = next((tiny.synthesis / "model" / "supports" / "dog").glob("*_part.png"))
        assert edit("--replace", f"dog:{drawn}").code == 0

    def test_layout_and_paint(self, edit, tiny, scene_folder, scene_file, tmp_path):
        shape = tmp_path / "shape.png"
        Image.new("L", (8, 8), 255).save(shape)
        corner = tmp_path / "corner.png"
        Image.new("L", (64, 64), 0).save(corner)
        with Image.open(corner) as canvas:
            canvas.paste(255, (0, 0, 6, 6))
            canvas.save(corner)
        parts = scene_folder / "val_part" / scene_file.name
        done = edit(
            *("--add", f"car:{shape}:2,4,12,16", "--move", "0:2:-3", "--remove", "1", "--paint", f"0:{parts}"),
            *("--label", f"sky:{corner}", "--resample", "object=2"),
        )
        assert done.code == 0, done.err
        record = json.loads((tmp_path / "edited" / f"{scene_file.stem}_edit.json").read_text())
        kinds = [step["edit"] for step in record["edits"]]
        assert kinds == ["EditLabel", "AddObject", "MoveObject", "EditParts", "RemoveObject", "Resample"]

    def test_cards_tell_the_change_inside_and_outside_the_region(self, edit, scene_file, tmp_path):
        done = edit("--resample", "object=0", "--features", "random")
        assert done.code == 0, done.err
        cards = {card.metric.split(" (")[0]: card for card in read_cards(tmp_path / "edited")}
        sides = {f"{what} {side} the edit" for what in ("L1", "Feature distance") for side in ("inside", "outside")}
        assert set(cards) == sides
        before, after = (
            pixels(tmp_path / "edited" / f"{scene_file.stem}_{x}.png").float() for x in ("before", "after")
        )
        mean = (after - before).abs().mean().item() / 255
        inside, outside = cards["L1 inside the edit"], cards["L1 outside the edit"]
        counts = [card.counts["pixels"] for card in (inside, outside)]
        assert sum(counts) == 64 * 64
        pooled = (inside.value * counts[0] + outside.value * counts[1]) / sum(counts)
        assert pooled == pytest.approx(mean, abs=2 / 255)  # the images are rounded
        assert len(inside.model["generator"]) == 64
        assert "Resample object=0" in inside.notes

    def test_a_network_that_is_not_there_writes_nothing(self, edit, tmp_path):
        done = edit("--resample", "object=0", "--features", tmp_path / "no.pt")
        assert done.code == 2
        assert "no such network file" in done.err
        assert not (tmp_path / "edited").exists()

    def test_the_region_is_what_the_edit_changes_of_the_generators_input(self, tiny, scene_folder, scene_file):
        model = IPose.from_pretrained(tiny.synthesis)
        scene = scene_to_edit(model, scene_file, instances=scene_folder / "val_inst")
        own = own_pixels(scene, scene.objects[0])
        assert torch.equal(edited_region(model, scene, Resample(object=0)), own)
        assert edited_region(model, scene, Resample(everything=True)).all()
        assert edited_region(model, scene, Blend(0, 1, 0.5)).all()
        assert not edited_region(model, scene, Edits()).any()
        gone = edited_region(model, scene, RemoveObject(0))
        assert (gone & own).sum() == own.sum()
        assert not gone.all()

    def test_without_an_edit_the_objects_are_listed_and_nothing_is_written(self, edit, tmp_path):
        done = edit()
        assert done.code == 0
        assert done.out.split()[:4] == ["object", "class", "category", "pixels"]
        assert len(done.out.splitlines()) == 4  # header, rule, two objects
        assert not (tmp_path / "edited").exists()

    def test_a_category_that_the_scene_does_not_show_is_refused(self, edit, tmp_path):
        done = edit("--drop", "car:wheel")
        assert done.code == 2
        assert "has no object of this category" in done.err
        assert "found car, expected dog" in done.err
        assert not (tmp_path / "edited").exists()

    def test_an_edit_that_makes_no_sense_writes_nothing(self, edit, tmp_path):
        done = edit("--resample", "object=0", "--drop", "car:sail")
        assert done.code == 2
        assert "car has no such part: found 'sail', expected window, wheel, light, license, chassis" in done.err
        assert not (tmp_path / "edited").exists()
