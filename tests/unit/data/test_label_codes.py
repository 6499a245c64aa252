"""Label maps in other words: what is not said to be lost comes back, and what is lost is counted."""

import tempfile
from collections import Counter
from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis.extra.numpy import arrays
from PIL import Image

from ipose.data.label_codes.codes import (
    DROPPED,
    SAME,
    WIDER,
    LabelCode,
    common_classes,
    counterparts,
    label_code,
    meanings,
)
from ipose.data.label_codes.maps import Conversion, Loss, read_label_map, sum_losses, write_label_map
from ipose.data.specs import load_spec, spec_names
from ipose.errors import ConfigError, DataError, SpecError

CODES = [f"{name}{form}" for name in spec_names() for form in ("", ":color", ":classes")]

EVALUATED = (7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33)
TRAIN_IDS = {label_id: train_id for train_id, label_id in enumerate(EVALUATED)}
"""Cityscapes' label ids of the evaluated classes, and their train ids, as published."""


def becomes(source: str, target: str) -> dict[str, tuple[str | None, str]]:
    """By name of the class: what it becomes, and how."""
    a, b = load_spec(source), load_spec(target)
    return {
        item.name: (None if part.class_id is None else b.classes[part.class_id].name, part.kind)
        for item, part in zip(a.classes, counterparts(a, b), strict=True)
    }


def maps(code: LabelCode) -> st.SearchStrategy[np.ndarray]:
    sides = st.integers(1, 6)
    return arrays(np.int64, st.tuples(sides, sides), elements=st.integers(0, code.spec.num_classes - 1))


class TestCodes:
    """SPEC, SPEC:color or SPEC:classes."""

    @pytest.mark.parametrize(
        ("text", "spec", "form"),
        [
            ("cityscapes", "cityscapes", "ids"),
            ("ade20k:color", "ade20k", "color"),
            ("coco-stuff:classes", "coco-stuff", "classes"),
            ("coco-stuff:ids", "coco-stuff", "ids"),
        ],
    )
    def test_a_code_names_a_spec_and_a_form(self, text, spec, form):
        code = label_code(text)
        assert (code.spec.name, code.form) == (spec, form)

    def test_a_dataset_toml_is_a_code(self, tmp_path):
        path = tmp_path / "dataset.toml"
        path.write_text('name = "own"\n[[classes]]\nid = 3\nname = "road"\ncolor = [1, 2, 3]\n')
        assert label_code(f"{path}:color").spec.name == "own"

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("cityscapes:rgb", r"\[to\] no such form of a label map: found 'rgb', expected ids, color, classes"),
            ("trainids", r"\[to\] no such code of label maps: found 'trainids', expected ade20k"),
            ("", "no such code"),
            (":color", "no such code"),
        ],
    )
    def test_a_slip_lists_what_there_is(self, text, said):
        with pytest.raises(ConfigError, match=said):
            label_code(text, "to")

    def test_a_spec_at_fault_is_named_with_its_file(self, tmp_path):
        path = tmp_path / "dataset.toml"
        path.write_text('name = "own"\n')
        with pytest.raises(SpecError, match=r"dataset\.toml"):
            label_code(str(path))


class TestRoundTrips:
    """Law: the pixels that a conversion and its way back change are exactly those that it counts as lost."""

    @given(data=st.data(), source=st.sampled_from(CODES), target=st.sampled_from(CODES))
    def test_what_is_not_counted_as_lost_comes_back_and_nothing_else_does(self, data, source, target):
        a, b = label_code(source), label_code(target)
        drawn = data.draw(maps(a))
        homes = np.array([part.class_id is not None for part in counterparts(a.spec, b.spec)])
        assume(homes.any())
        drawn = np.where(homes[drawn], drawn, int(np.argmax(homes)))
        with tempfile.TemporaryDirectory() as folder:
            first, there, back = (Path(folder) / name for name in ("a.png", "b.png", "c.png"))
            write_label_map(first, drawn, a)
            before = read_label_map(first, a)
            losses = Conversion(a, b).convert_file(first, there)
            try:
                Conversion(b, a).convert_file(there, back)
            except DataError:  # the unknown class, of which a data set without one knows nothing
                assert losses
                return
            assert int((read_label_map(back, a) != before).sum()) == sum(losses.values())

    @given(data=st.data(), name=st.sampled_from(spec_names()))
    def test_ids_and_class_ids_lose_nothing(self, data, name):
        ids, classes = label_code(name), label_code(f"{name}:classes")
        drawn = data.draw(maps(ids))
        there, losses = Conversion(ids, classes)(drawn, Path("map.png"))
        assert not losses
        assert (there == drawn).all()

    @pytest.mark.parametrize("name", [name for name in spec_names() if name != "cityscapes"])
    def test_ids_and_colours_lose_nothing_where_each_class_has_a_colour_of_its_own(self, name):
        ids, color = label_code(name), label_code(f"{name}:color")
        assert [Conversion(ids, color).loss(number) for number in range(ids.spec.num_classes)] == [
            None
        ] * ids.spec.num_classes

    def test_cityscapes_shared_colours_are_read_back_as_the_first_class_and_said_to_be(self):
        conversion = Conversion(label_code("cityscapes"), label_code("cityscapes:color"))
        shared = {loss.name: loss.becomes for number in range(35) if (loss := conversion.loss(number))}
        black = ("ego vehicle", "rectification border", "out of roi", "static")
        assert shared == {**dict.fromkeys(black, "unlabeled"), "polegroup": "pole", "license plate": "car"}

    @pytest.mark.parametrize("form", ["", ":color", ":classes"])
    def test_a_file_holds_what_the_code_says(self, tmp_path, form):
        code = label_code(f"coco-stuff{form}")
        write_label_map(tmp_path / "a.png", np.array([[0, 1, 182]]), code)
        with Image.open(tmp_path / "a.png") as image:
            values = np.array(image)
            assert image.mode == ("RGB" if form == ":color" else "L")
        spec = code.spec
        expected = {"": [255, 0, 181], ":classes": [0, 1, 182], ":color": [spec.classes[i].color for i in (0, 1, 182)]}
        assert (values[0] == np.array(expected[form])).all()


class TestTrainIds:
    """Cityscapes' train ids are its own table: 19 classes, everything else ignored."""

    def test_label_ids_become_the_published_train_ids(self):
        a, b = label_code("cityscapes"), label_code("cityscapes-trainids")
        table = {
            item.file_id: b.spec.classes[part.class_id].file_id
            for item, part in zip(a.spec.classes, Conversion(a, b).parts, strict=True)
        }
        assert table == {**{item.file_id: 255 for item in a.spec.classes}, **TRAIN_IDS}

    def test_train_ids_become_the_label_ids_again(self):
        back = becomes("cityscapes-trainids", "cityscapes")
        assert all(name == ("unlabeled" if key == "ignored" else key) for key, (name, _) in back.items())
        assert {kind for _, kind in back.values()} == {SAME}

    def test_dropped_classes_are_counted(self):
        losses = Conversion(label_code("cityscapes"), label_code("cityscapes-trainids"))(
            np.array([[0, 1, 10, 10], [26, 18, 18, 18]]), Path("a.png")
        )[1]
        why = "no class of that meaning"
        assert losses == {
            Loss("ego vehicle", "ignored", why): 1,
            Loss("rail track", "ignored", why): 2,
            Loss("polegroup", "ignored", why): 3,
        }


class TestMeanings:
    """Between data sets a class becomes the one of its meaning, else of a wider one, else the unknown class."""

    @pytest.mark.parametrize(
        ("source", "target", "name", "expected"),
        [
            ("cityscapes", "coco-stuff", "sky", ("sky-other", SAME)),
            ("cityscapes", "coco-stuff", "sidewalk", ("pavement", SAME)),
            ("cityscapes", "coco-stuff", "rider", ("person", WIDER)),
            ("cityscapes", "coco-stuff", "unlabeled", ("unknown", SAME)),
            ("cityscapes", "coco-stuff", "vegetation", ("unknown", DROPPED)),
            ("cityscapes", "ade20k", "motorcycle", ("minibike", SAME)),
            ("coco-stuff", "cityscapes", "tree", ("vegetation", WIDER)),
            ("coco-stuff", "cityscapes", "potted plant", ("vegetation", WIDER)),
            ("coco-stuff", "ade20k", "wall-brick", ("wall", WIDER)),
            ("coco-stuff", "ade20k", "door", ("door", WIDER)),
            ("coco-stuff", "ade20k", "door-stuff", ("door", SAME)),
            ("coco-stuff", "ade20k", "hot dog", ("food", WIDER)),
            ("ade20k", "coco-stuff", "windowpane", ("window-other", SAME)),
            ("ade20k", "coco-stuff", "television receiver", ("tv", SAME)),
            ("ade20k", "cityscapes", "van", ("car", WIDER)),
            ("partworld", "coco-stuff", "human", ("person", SAME)),
            ("cityscapes", "partworld", "unlabeled", (None, DROPPED)),
            ("cityscapes", "partworld", "tunnel", (None, DROPPED)),
        ],
    )
    def test_examples(self, source, target, name, expected):
        assert becomes(source, target)[name] == expected

    @pytest.mark.parametrize("source", spec_names())
    @pytest.mark.parametrize("target", spec_names())
    def test_the_same_means_the_same_both_ways(self, source, target):
        there, back = becomes(source, target), becomes(target, source)
        same = {name: other for name, (other, kind) in there.items() if kind == SAME}
        assert {other: (name, SAME) for name, other in same.items()} == {other: back[other] for other in same.values()}

    @pytest.mark.parametrize("name", spec_names())
    def test_every_class_of_a_spec_means_something_else(self, name):
        assert len(set(meanings(load_spec(name)))) == load_spec(name).num_classes

    def test_every_word_of_the_tables_is_a_class_of_a_spec(self):
        same, within = common_classes()
        names = {name: {item.name for item in load_spec(name).classes} for name in spec_names()}
        for meaning, others in same.items():
            for spec, called in others.items():
                assert called in names[spec], (meaning, called)
        known = set().union(*(meanings(load_spec(name)) for name in spec_names()))
        assert set(within) | set(within.values()) <= known

    def test_wider_meanings_end(self):
        _, within = common_classes()
        for meaning in within:
            chain = [meaning]
            while chain[-1] in within:
                chain.append(within[chain[-1]])
                assert len(set(chain)) == len(chain), chain

    def test_an_own_spec_joins_in_by_names(self, tmp_path):
        (tmp_path / "own.toml").write_text(
            'name = "own"\nunknown = "void"\n'
            + "".join(f'[[classes]]\nid = {i}\nname = "{name}"\n' for i, name in enumerate(["void", "sky", "gnome"]))
        )
        there = becomes("coco-stuff", str(tmp_path / "own.toml"))
        assert (there["sky-other"], there["clouds"]) == (("sky", SAME), ("sky", WIDER))
        assert (there["unknown"], there["person"]) == (("void", SAME), ("void", DROPPED))


class TestStrangers:
    """What is no class is named with its file, how often and where."""

    def picture(self, tmp_path: Path, mode: str = "RGB") -> Path:
        pixels = np.full((4, 5, 3), (128, 64, 128), dtype=np.uint8)
        pixels[2, 3:], pixels[3, 0] = (1, 2, 3), (250, 0, 9)
        Image.fromarray(pixels).convert(mode).save(tmp_path / "map.png")
        return tmp_path / "map.png"

    def test_colours_are_named_counted_and_placed(self, tmp_path):
        with pytest.raises(DataError) as caught:
            read_label_map(self.picture(tmp_path), label_code("cityscapes:color"))
        text = str(caught.value)
        assert text.startswith(f"{tmp_path / 'map.png'}: colours that no class of 'cityscapes' has: found ")
        assert "#010203 (1, 2, 3): 2 pixels, first at row 2, column 3; #fa0009 (250, 0, 9): 1 pixels" in text

    def test_more_than_five_are_counted(self, tmp_path):
        pixels = np.arange(60, dtype=np.uint8).reshape(4, 5, 3)
        Image.fromarray(pixels).save(tmp_path / "map.png")
        with pytest.raises(DataError, match="; and 15 more"):
            read_label_map(tmp_path / "map.png", label_code("cityscapes:color"))

    def test_ids_are_named_counted_and_placed(self, tmp_path):
        Image.fromarray(np.array([[7, 7], [99, 99]], dtype=np.uint8)).save(tmp_path / "map.png")
        with pytest.raises(
            DataError, match="ids that no class of 'cityscapes' has: found 99: 2 pixels, first at row 1"
        ):
            read_label_map(tmp_path / "map.png", label_code("cityscapes"))

    @pytest.mark.parametrize(
        ("code", "mode", "said"),
        [
            ("cityscapes", "RGB", "Say --from cityscapes:color"),
            ("cityscapes:classes", "RGBA", "Say --from cityscapes:color"),
            ("cityscapes:color", "L", "Say --from cityscapes if these are its ids"),
        ],
    )
    def test_the_other_form_is_suggested(self, tmp_path, code, mode, said):
        with pytest.raises(DataError, match=said):
            read_label_map(self.picture(tmp_path, mode), label_code(code))

    def test_a_palette_is_read_by_its_colours_and_opaque_rgba_too(self, tmp_path):
        sky = Image.new("RGB", (3, 2), (70, 130, 180))
        for image in (sky.quantize(4), sky.convert("RGBA")):
            image.save(tmp_path / "map.png")
            assert (read_label_map(tmp_path / "map.png", label_code("cityscapes:color")) == 23).all(), image.mode

    def test_transparent_pixels_are_refused(self, tmp_path):
        Image.new("RGBA", (3, 2), (70, 130, 180, 99)).save(tmp_path / "map.png")
        with pytest.raises(DataError, match="transparent pixels"):
            read_label_map(tmp_path / "map.png", label_code("cityscapes:color"))

    def test_jpeg_is_refused(self, tmp_path):
        Image.new("RGB", (8, 8), (70, 130, 180)).save(tmp_path / "map.png", format="JPEG")
        with pytest.raises(DataError, match="not a PNG: found a JPEG image, whose colours are not exact"):
            read_label_map(tmp_path / "map.png", label_code("cityscapes:color"))

    def test_pixels_without_a_home_are_counted(self, tmp_path):
        conversion = Conversion(label_code("cityscapes"), label_code("partworld"))
        with pytest.raises(DataError, match=r"no class for.*found unlabeled \(1 pixels\), tunnel \(2 pixels\)"):
            conversion(np.array([[0, 16, 16, 7]]), Path("a.png"))


def test_totals_count_pixels_and_maps():
    loss, other = Loss("a", "b", "so"), Loss("c", "d", "so")
    pixels, count = sum_losses([Counter({loss: 3, other: 1}), Counter({loss: 4})])
    assert (pixels, count) == ({loss: 7, other: 1}, {loss: 2, other: 1})
