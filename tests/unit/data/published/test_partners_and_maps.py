"""What goes wrong with the published folders is reported file by file, each with the way out."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from helpers.published_scenes import write_ade20k, write_cityscapes, write_coco_stuff
from ipose.data.data_config import DataConfig
from ipose.data.doctor import Diagnosis, check_scenes, examine_scenes
from ipose.data.faults import Fault
from ipose.data.open_data import open_spec, spec_source
from ipose.errors import DataError, SpecError

FINE = "gtFine/train/aachen/aachen_000000_000019_gtFine_"
LABEL, INSTANCE = FINE + "labelIds.png", FINE + "instanceIds.png"
PHOTO = "leftImg8bit/train/aachen/aachen_000000_000019_leftImg8bit.png"

ADE = "training/ADE_train_00000001"
ADE_LABEL, ADE_INSTANCE = f"annotations/{ADE}.png", f"annotations_instance/{ADE}.png"


def change(path: Path, how: Callable[[np.ndarray], np.ndarray]) -> None:
    with Image.open(path) as image:
        pixels = np.array(image)
    Image.fromarray(how(pixels)).save(path)


def to_palette(path: Path) -> None:
    with Image.open(path) as image:
        image.convert("RGB").quantize(8).save(path)


def to_train_ids(path: Path) -> None:
    shutil.copy(path.with_name(path.name.replace("labelIds", "labelTrainIds")), path)


def repainted(value: object) -> Callable[[Path], None]:
    def plant(path: Path) -> None:
        def paint(pixels: np.ndarray) -> np.ndarray:
            pixels = pixels.copy()
            pixels[4, 4] = value
            return pixels

        change(path, paint)

    return plant


CITYSCAPES_FAULTS = [
    (
        "label map missing",
        LABEL,
        Path.unlink,
        PHOTO,
        "found aachen_000000_000019_gtFine_labelTrainIds.png, aachen_000000_000019_gtFine_color.png",
        "Unpack gtFine_trainvaltest.zip again",
    ),
    ("instance map missing", INSTANCE, Path.unlink, LABEL, "instanceIds.png", "Unpack gtFine_trainvaltest.zip again"),
    (
        "photograph missing",
        PHOTO,
        Path.unlink,
        LABEL,
        "leftImg8bit/train/aachen/aachen_000000_000019_leftImg8bit.png",
        "Unpack leftImg8bit_trainvaltest.zip again",
    ),
    (
        "train ids",
        LABEL,
        to_train_ids,
        LABEL,
        "train ids where label ids are expected: found only ids 0..18 and 255",
        "train ids do not tell all classes apart",
    ),
    (
        "colours",
        LABEL,
        lambda f: change(f, lambda p: np.stack([p] * 3, -1)),
        LABEL,
        "a colour image (RGB)",
        "8-bit greyscale",
    ),
    ("palette", LABEL, to_palette, LABEL, "palette PNG where greyscale is published", "a palette's indices"),
    (
        "16-bit labels",
        LABEL,
        lambda f: change(f, lambda p: p.astype(np.uint16)),
        LABEL,
        "found 16-bit greyscale, expected 8-bit",
        "8-bit greyscale",
    ),
    (
        "8-bit instances",
        INSTANCE,
        lambda f: change(f, lambda p: p.astype(np.uint8)),
        INSTANCE,
        "found 8-bit greyscale, expected 16-bit greyscale",
        "ids from 1000 on do not fit",
    ),
    (
        "id outside",
        LABEL,
        repainted(77),
        LABEL,
        "label id outside spec 'cityscapes': found 77 (1 pixels)",
        "Add the class",
    ),
    ("instance of no class", INSTANCE, repainted(26_000), INSTANCE, "26000 on pixels of label id 23", "Renumber"),
    ("truncated", LABEL, lambda f: f.write_bytes(f.read_bytes()[:60]), LABEL, "truncated", "Get it again"),
    ("sizes differ", INSTANCE, lambda f: change(f, lambda p: p[:-2]), INSTANCE, "sizes differ", "Resize neither"),
]

ADE_FAULTS = [
    (
        "instance map missing",
        ADE_INSTANCE,
        Path.unlink,
        ADE_LABEL,
        "missing partner in training",
        "Unpack annotations_instance.tar again",
    ),
    (
        "photograph missing",
        f"images/{ADE}.jpg",
        Path.unlink,
        ADE_LABEL,
        f"images/{ADE}.jpg",
        "Unpack ADEChallengeData2016.zip again",
    ),
    (
        "label map missing",
        ADE_LABEL,
        Path.unlink,
        f"images/{ADE}.jpg",
        f"annotations/{ADE}.png",
        "Unpack ADEChallengeData2016.zip again",
    ),
    (
        "one channel",
        ADE_INSTANCE,
        lambda f: change(f, lambda p: p[..., 0]),
        ADE_INSTANCE,
        "found PNG, mode L",
        "leave the files as they are",
    ),
    (
        "class of no instance",
        ADE_INSTANCE,
        repainted((101, 1, 0)),
        ADE_INSTANCE,
        "outside 1..100: found 101",
        "counts its classes in another way",
    ),
    (
        "another scene's instances",
        ADE_INSTANCE,
        lambda f: change(f, lambda p: np.roll(p, 12, 1)),
        ADE_INSTANCE,
        "instance map that does not fit the label map",
        "of one and the same scene",
    ),
    (
        "label ids, not instance classes",
        ADE_INSTANCE,
        lambda f: change(f, lambda p: p * np.uint8(2)),
        ADE_INSTANCE,
        "does not fit the label map",
        "Get both maps again",
    ),
    (
        "ids from 0, other 255",
        ADE_LABEL,
        lambda f: change(f, lambda p: p - np.uint8(1)),
        ADE_LABEL,
        "label id outside spec 'ade20k': found 255",
        "choose the spec that fits",
    ),
    ("palette", ADE_LABEL, to_palette, ADE_LABEL, "palette PNG where greyscale is published", "need not be the ids"),
]


def the_fault(diagnosis: Diagnosis, file: Path) -> Fault:
    assert [fault.file for fault in diagnosis.faults] == [str(file)], diagnosis.faults
    return diagnosis.faults[0]


def check(root: Path, spec: str, file: str, plant: Callable[[Path], object], at: str, said: str, mend: str) -> None:
    """Given a clean copy, when one file is spoiled, then the doctor names it once, and training stops at it."""
    plant(root / file)
    fault = the_fault(examine_scenes(root, spec), root / at)
    assert said in str(fault)
    assert mend in fault.mend
    with pytest.raises(DataError, match="1 fault in data set"):
        check_scenes(root, spec)


def named(table: list[tuple]) -> dict:
    return {"argvalues": [row[1:] for row in table], "ids": [row[0] for row in table]}


class TestCityscapesFaults:
    """One spoiled file of the published Cityscapes is one fault."""

    @pytest.mark.parametrize(("file", "plant", "at", "said", "mend"), **named(CITYSCAPES_FAULTS))
    def test_it_is_named_with_the_way_out(self, tmp_path, file, plant, at, said, mend):
        write_cityscapes(tmp_path)
        check(tmp_path, "cityscapes", file, plant, at, said, mend)

    @pytest.mark.parametrize(
        ("folder", "mend"),
        [("leftImg8bit", "leftImg8bit_trainvaltest.zip"), ("gtFine", "gtFine_trainvaltest.zip")],
    )
    def test_half_a_download_names_the_other_half(self, tmp_path, folder, mend):
        write_cityscapes(tmp_path)
        shutil.rmtree(tmp_path / folder)
        fault = examine_scenes(tmp_path, "cityscapes").faults[0]
        assert fault.message == f"Cityscapes without {folder}/train/"
        assert fault.mend == f"Unpack {mend} here."

    def test_every_missing_instance_map_is_named(self, tmp_path):
        write_cityscapes(tmp_path)
        gone = list(tmp_path.glob("gtFine/*/*/*_instanceIds.png"))
        for path in gone:
            path.unlink()
        faults = examine_scenes(tmp_path, "cityscapes").faults
        assert {fault.expected for fault in faults} == {str(path) for path in gone}

    def test_an_empty_split_is_a_fault(self, tmp_path):
        for part in ("leftImg8bit", "gtFine"):
            (tmp_path / part / "train").mkdir(parents=True)
        fault = the_fault(examine_scenes(tmp_path, "cityscapes"), tmp_path / "gtFine" / "train")
        assert fault.message == "empty Cityscapes split"

    def test_255_beside_label_ids_is_the_licence_plate(self, tmp_path):
        write_cityscapes(tmp_path)
        repainted(255)(tmp_path / LABEL)
        repainted(0)(tmp_path / INSTANCE)
        assert examine_scenes(tmp_path, "cityscapes").ok


class TestAde20kFaults:
    """One spoiled file of the published ADE20K is one fault."""

    @pytest.mark.parametrize(("file", "plant", "at", "said", "mend"), **named(ADE_FAULTS))
    def test_it_is_named_with_the_way_out(self, tmp_path, file, plant, at, said, mend):
        write_ade20k(tmp_path)
        check(tmp_path, "ade20k", file, plant, at, said, mend)

    def test_pixels_that_the_two_maps_give_to_different_classes_are_no_fault(self, tmp_path):
        write_ade20k(tmp_path)
        repainted((4, 9, 0))(tmp_path / ADE_INSTANCE)
        assert examine_scenes(tmp_path, "ade20k").ok


class TestSpecOfAFolder:
    """The published layouts bring their spec; a folder that says nothing is told what it could be."""

    @pytest.mark.parametrize(("name", "write"), [("cityscapes", write_cityscapes), ("ade20k", write_ade20k)])
    def test_a_published_folder_needs_no_spec(self, tmp_path, name, write):
        write(tmp_path)
        assert open_spec(DataConfig(data=str(tmp_path))).labels.name == name

    def test_an_own_dataset_toml_comes_first(self, tmp_path):
        write_cityscapes(tmp_path)
        (tmp_path / "dataset.toml").write_text('name = "own"\n[[classes]]\nid = 7\nname = "road"\n')
        assert open_spec(DataConfig(data=str(tmp_path))).labels.name == "own"

    def test_a_coco_folder_is_told_its_spec(self, tmp_path):
        write_coco_stuff(tmp_path)
        with pytest.raises(SpecError, match="add --spec coco-stuff"):
            spec_source(DataConfig(data=str(tmp_path)))

    def test_a_folder_one_level_too_high_is_told_where_the_data_are(self, tmp_path):
        write_ade20k(tmp_path / "ADEChallengeData2016")
        with pytest.raises(DataError, match="ADEChallengeData2016, which holds ADE20K"):
            spec_source(DataConfig(data=str(tmp_path)))
