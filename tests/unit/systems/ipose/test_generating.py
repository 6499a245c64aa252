"""`ipose generate` of an iPOSE model: one look at the parts, one image at a time, and objects without supports."""

from dataclasses import replace

import pytest
import torch
from PIL import Image

from helpers.tiny_ipose import SYNTHESIS
from ipose.data.png import write_index
from ipose.data.support_folder import save_supports
from ipose.errors import ConfigError, DataError, SupportError
from ipose.part_annotations import SupportSet
from ipose.partnet.added_supports import with_drawings
from ipose.pipeline import IPose
from ipose.synthesis.generator import Generator
from ipose.systems.generating import Request
from ipose.systems.ipose.generating import make
from ipose.systems.ipose.page import scene_rows
from ipose.systems.ipose.record import IPoseMakeOptions
from ipose.testing.tiny_scenes import SPEC, make_scene

from ..conftest import supports


@pytest.fixture(scope="module")
def model(ipose_model):
    return ipose_model


def without_dogs(model, **changes):
    return IPose(model.generator, model.partnet, supports("car"), replace(SPEC, **changes))


def request_of(maps, **changes):
    options = IPoseMakeOptions(**{name: changes.pop(name) for name in ("without_parts", "supports") if name in changes})
    places = {"inputs": maps / "label", "instances": maps / "instance", "out": maps / "out"}
    return Request(**{**places, "options": options, **changes})


class TestFiles:
    """Images of each seed, the part map and a sheet, for every map."""

    def test_their_names(self, model, maps):
        made = [path.name for path in make(model, request_of(maps, seed=5, count=2))]
        names = ("seed5", "seed6", "part", "sheet")
        assert made == [f"{stem}_{name}.png" for stem in (0, 1) for name in names]
        assert {path.name for path in (maps / "out").iterdir()} == set(made)

    def test_parts_are_inferred_once_for_all_seeds(self, model, maps, monkeypatch):
        asked = []
        predict = model.partnet.predict
        monkeypatch.setattr(model.partnet, "predict", lambda *given: (asked.append(given), predict(*given))[1])
        list(make(model, request_of(maps, count=3)))
        assert len(asked) == 2  # one a map

    def test_an_image_is_on_the_disk_before_the_next_one_is_computed(self, model, maps, monkeypatch):
        seen = []
        paint = model.paint

        def watched(batch, parts, *, seed):
            seen.append({path.name for path in (maps / "out").glob("*.png")})
            return paint(batch, parts, seed=seed)

        monkeypatch.setattr(model, "paint", watched)
        written = next(files := make(model, request_of(maps, count=2)))
        assert len(seen) == 1
        with Image.open(written) as image:
            assert image.size == (48, 32)
        list(files)
        assert seen[1] == {"0_seed0.png"}
        assert seen[2] == {"0_seed0.png", "0_seed1.png", "0_part.png", "0_sheet.png"}

    def test_a_size_that_cannot_be_painted_is_found_before_the_first_image(self, model, maps):
        (maps / "odd").mkdir()
        write_index(maps / "odd" / "a.png", torch.full((32, 48), 2, dtype=torch.uint8))
        write_index(maps / "odd" / "b.png", torch.full((36, 48), 2, dtype=torch.uint8))
        with pytest.raises(DataError, match=r"b\.png: a size .* found 36x48 .* multiples of 8\. Pad or crop"):
            list(make(model, request_of(maps, inputs=maps / "odd", instances=None, keep_size=True)))
        assert not (maps / "out").exists()

    def test_drawings_of_a_class_that_the_model_does_not_paint_are_told_with_the_way_to_one_that_does(
        self, model, maps, capsys
    ):
        pear = SupportSet({"pear": ("fruit",)}, {"pear": torch.ones(2, 64, 64, dtype=torch.uint8)})
        save_supports(pear, maps / "drawings")
        next(make(model, request_of(maps, supports=maps / "drawings")))
        said = capsys.readouterr().err
        assert "pear is none of them: these drawings are not read" in said
        assert f"ipose train synthesis --data DIR --partnet partworld --supports {maps / 'drawings'}" in said


@pytest.mark.parametrize("fields", [{"part_injection": "none"}, {"parts": "position_descriptor"}, {"parts": "true"}])
def test_sheets_of_models_that_predict_no_parts_have_no_column_of_them(model, fields):
    bare = IPose(Generator(replace(SYNTHESIS, **fields)), None, supports(), SPEC)
    assert [row.inferred for row in scene_rows(bare, [make_scene(0)])] == [None]
    assert scene_rows(model, [make_scene(0)])[0].inferred is not None


class TestObjectsWithoutSupports:
    """They are refused with map, class, category and ways out; or painted without parts where that is asked for."""

    def test_the_error_names_map_class_category_and_the_ways_out(self, model, maps):
        hounds = replace(SPEC.classes[3], name="hound")
        spec = {"classes": (*SPEC.classes[:3], hounds, *SPEC.classes[4:])}
        with pytest.raises(SupportError) as caught:
            list(make(without_dogs(model, **spec), request_of(maps)))
        said = str(caught.value)
        assert said.startswith(f"{maps / 'label' / '0.png'}: ")
        assert "found a hound, of part category dog, expected car" in said
        assert "DIR/dog/<name>_part.png, and say --supports DIR, or once for all ipose supports add MODEL DIR" in said
        assert "--without-parts" in said
        assert not (maps / "out").exists()

    def test_a_model_that_came_without_supports_says_so(self, model, maps):
        bare = IPose(model.generator, model.partnet, supports(), SPEC)
        with pytest.raises(SupportError, match=r"0\.png: this model has no support.*--supports DIR.*--without-parts"):
            list(make(bare, request_of(maps)))

    def test_without_parts_they_are_painted_as_objects_of_a_class_without_parts(self, model, maps, capsys):
        bare = without_dogs(model)
        made = list(make(bare, request_of(maps, without_parts=True)))
        assert len(made) == 6
        told = capsys.readouterr().err
        assert told == "The model has no supports of dog: such objects are painted without parts.\n"  # once
        scene = make_scene(0)
        objects = tuple(
            replace(item, part_category=None if item.part_category == "dog" else item.part_category)
            for item in scene.objects
        )
        expected = bare(replace(scene, name="0", objects=objects), seed=0).image_uint8()
        with Image.open(maps / "out" / "0_seed0.png") as image:
            assert image.tobytes() == expected.permute(1, 2, 0).contiguous().numpy().tobytes()

    def test_drawings_that_are_named_are_read_and_the_model_stays_as_it_is(self, model, maps, tmp_path):
        save_supports(supports("dog"), tmp_path / "drawn")
        bare = without_dogs(model)
        assert len(list(make(bare, request_of(maps, supports=tmp_path / "drawn")))) == 6
        assert bare.supports.categories == ("car",)
        expected = model(replace(make_scene(0), name="0"), seed=0).image_uint8()  # supports() draws all alike
        with Image.open(maps / "out" / "0_seed0.png") as image:
            assert image.tobytes() == expected.permute(1, 2, 0).contiguous().numpy().tobytes()

    def test_a_class_that_was_trained_without_parts_has_those_of_the_drawings_of_its_name(
        self, model, maps, tmp_path, capsys
    ):
        save_supports(supports("dog", "unicorn"), tmp_path / "drawn")
        classes = tuple(replace(c, part_category=None) if c.name == "dog" else c for c in SPEC.classes)
        bare = without_dogs(model, classes=classes)
        list(make(bare, request_of(maps, supports=tmp_path / "drawn")))
        expected = model(replace(make_scene(0), name="0"), seed=0).image_uint8()
        with Image.open(maps / "out" / "0_seed0.png") as image:
            assert image.tobytes() == expected.permute(1, 2, 0).contiguous().numpy().tobytes()
        assert "unicorn is none of them: these drawings are not read" in capsys.readouterr().err

    def test_drawings_of_a_known_category_take_the_place_of_its_own(self, model, tmp_path):
        other = SupportSet({"car": ("all",)}, {"car": supports("car").part_maps["car"].clamp(max=1)})
        save_supports(other, tmp_path / "drawn")
        changed = with_drawings(model.supports, tmp_path / "drawn", instead=True)
        assert torch.equal(changed.part_maps["car"], other.part_maps["car"])
        assert torch.equal(changed.part_maps["dog"], model.supports.part_maps["dog"])

    def test_a_model_without_partnet_reads_no_drawings(self, model, maps, tmp_path):
        bare = IPose(Generator(replace(SYNTHESIS, parts="position_descriptor")), None, supports(), SPEC)
        with pytest.raises(ConfigError, match="read by a PartNet, and this model has none"):
            list(make(bare, request_of(maps, supports=tmp_path)))

    def test_it_can_be_done_without_any_supports(self, model, maps):
        bare = IPose(model.generator, model.partnet, supports(), SPEC)
        assert len(list(make(bare, request_of(maps, without_parts=True)))) == 6

    def test_a_model_of_all_supports_says_nothing(self, model, maps, capsys):
        list(make(model, request_of(maps, without_parts=True)))
        assert capsys.readouterr().err == ""
