"""Damaged files, by every function that reads one: the answer is a value or a sentence, never a trace. No pickle runs.

`IPOSE_FUZZ` is the number of files for each reader (30). Every fault that was found has become a test where it belongs.
"""

import json
import os
import pickle
import random
import resource
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from ipose.cli.main import parse
from ipose.data.part_manifest import read_manifest
from ipose.data.part_sources.panoptic_parts import read_int32_tiff
from ipose.data.part_sources.partimagenet import open_partimagenet
from ipose.data.png import image_size, photo_notes, read_index, read_photo
from ipose.data.specs import read_dataset_toml
from ipose.data.support_folder import read_supports
from ipose.editing import parsing
from ipose.errors import IposeError
from ipose.evaluation.eval_card import read_card
from ipose.ganseg.moves import MovePart
from ipose.interop.weight_files import read_weights
from ipose.training.run import Run

COUNT = int(os.environ.get("IPOSE_FUZZ", "30"))

TOML = b'name = "t"\nunknown = "a"\n[[classes]]\nid = 0\nname = "a"\n[[classes]]\nid = 1\nname = "b"\nthing = true\n'
CARD = {"format": 1, "metric": "FID", "value": 1.0, "protocol": "p", "resize": "none", "counts": {"images": 2}}
PIN = {
    "images": [{"id": 1, "file_name": "a.JPEG", "height": 20, "width": 20}],
    "annotations": [{"id": 1, "image_id": 1, "category_id": 0, "segmentation": [[1, 1, 9, 1, 9, 9]]}],
    "categories": [{"id": 0, "name": "Cat Head", "supercategory": "Cat"}],
}
RUN = {"format": 1, "kind": "ipose", "config": {"a": 1}, "train": {"steps": 1, "batch_size": 1}}


@pytest.fixture(autouse=True)
def in_two_gigabytes() -> Iterator[None]:
    """The inputs of a test need less than 2 GB more than the process had in use at its most before."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 2e6  # KB


def damaged(data: bytes, dice: random.Random) -> bytes:
    """Some bytes changed, cut out, doubled or cut off."""
    piece = bytearray(data)
    for _ in range(dice.randint(1, 6)):
        place, what = dice.randrange(len(piece) + 1), dice.random()
        if what < 0.5 and place < len(piece):
            piece[place] = dice.randrange(256)
        elif what < 0.7:
            del piece[place : place + dice.randint(1, 40)]
        elif what < 0.9:
            piece[place:place] = piece[place : place + 20] or bytes(dice.choices(range(256), k=4))
        else:
            del piece[place:]
    return bytes(piece)


def image_bytes(tmp_path: Path, name: str, mode: str) -> bytes:
    pixels = np.random.default_rng(0).integers(0, 255, (9, 11, 3), dtype=np.uint8)
    picture = (
        Image.fromarray(np.arange(99, dtype=np.int32).reshape(9, 11))
        if mode == "I"
        else Image.fromarray(pixels).convert(mode)
    )
    exif = Image.Exif()
    exif[0x0112] = 6
    picture.save(tmp_path / name, **({} if mode == "I" else {"exif": exif}))
    return (tmp_path / name).read_bytes()


def weights_bytes(tmp_path: Path, name: str) -> bytes:
    state = {"weight": torch.ones(3, 2), "bias": torch.zeros(3)}
    save_file(state, tmp_path / name) if name.endswith("safetensors") else torch.save(state, tmp_path / name)
    return (tmp_path / name).read_bytes()


def read_pin(path: Path) -> None:
    source = open_partimagenet(path.parent)
    for item in source.items:
        source.reader.read(item)


def all_image_readers(path: Path) -> None:
    for read in (read_photo, read_index, image_size, photo_notes):
        with suppress(IposeError):
            read(path)


READERS: dict[str, tuple[Callable[[Path], bytes], str, Callable[[Path], object]]] = {
    "png": (lambda p: image_bytes(p, "a.png", "RGB"), "x.png", all_image_readers),
    "palette": (lambda p: image_bytes(p, "a.png", "P"), "x.png", all_image_readers),
    "jpeg": (lambda p: image_bytes(p, "a.jpg", "RGB"), "x.jpg", all_image_readers),
    "webp": (lambda p: image_bytes(p, "a.webp", "RGBA"), "x.webp", all_image_readers),
    "bmp": (lambda p: image_bytes(p, "a.bmp", "L"), "x.bmp", all_image_readers),
    "tiff": (lambda p: image_bytes(p, "a.tif", "I"), "x.tif", read_int32_tiff),
    "tiff as a photograph": (lambda p: image_bytes(p, "a.tif", "RGB"), "x.png", all_image_readers),
    "toml": (lambda _: TOML, "dataset.toml", read_dataset_toml),
    "card": (lambda _: json.dumps(CARD).encode(), "x.json", read_card),
    "run": (lambda _: json.dumps(RUN).encode(), "run.json", lambda path: Run.open(path.parent).train_config),
    "supports": (lambda _: b'{"part_names": {"cat": ["head"]}}', "supports.json", lambda p: read_supports(p.parent)),
    "parts": (lambda _: b'{"part_names": {"cat": ["head"]}}', "parts.json", lambda p: read_manifest(p.parent)),
    "coco": (lambda _: json.dumps(PIN).encode(), "train.json", read_pin),
    "safetensors": (lambda p: weights_bytes(p, "a.safetensors"), "x.safetensors", read_weights),
    "torch": (lambda p: weights_bytes(p, "a.pth"), "x.pth", read_weights),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("reader", READERS)
def test_a_damaged_file_is_read_or_refused_in_a_sentence(reader, tmp_path):
    make, name, read = READERS[reader]
    (tmp_path / "made").mkdir()
    (tmp_path / "read").mkdir()
    sound, path, dice = make(tmp_path / "made"), tmp_path / "read" / name, random.Random(0)
    for _ in range(COUNT):
        data = damaged(sound, dice)
        path.write_bytes(data)
        try:
            read(path)
        except IposeError:
            pass
        except Exception as error:  # any other kind is the fault that is looked for
            raise AssertionError(f"{type(error).__name__}: {error}; the input: {data!r}") from error


WORDS = (
    *("train", "segment", "doctor", "evaluate", "edit", "--steps", "--data", "--out=x", "--help", "--k"),
    *("nan", "-1", "1e999", "", "'", "\x00", "\udce9", "日本"),
)
EDITS = (
    *(parsing.parse_resample, parsing.parse_drop, parsing.parse_rename, parsing.parse_replace, parsing.parse_move),
    *(parsing.parse_remove, parsing.parse_add, MovePart.parse),
    *(lambda words: parsing.parse_label(words, (9, 9)), lambda words: parsing.parse_paint(words, (9, 9))),
)
PIECES = (
    *("object", "3", "part", ":", "=", ",", ".", "-1", "1e999", "nan", "car", "/", "", " ", "日", "\x00", "("),
    "9" * 20,
)


def test_words_of_a_command_line_are_understood_or_refused():
    dice = random.Random(0)
    for _ in range(max(10, COUNT // 3)):
        words = dice.choices(WORDS, k=dice.randint(1, 4))
        with suppress(IposeError, SystemExit):
            parse(words)


@pytest.mark.parametrize("number", range(len(EDITS)))
def test_words_of_an_edit_are_understood_or_refused(number):
    dice = random.Random(number)
    for _ in range(COUNT * 5):
        words = "".join(dice.choices(PIECES, k=dice.randint(0, 7)))
        try:
            EDITS[number](words)
        except IposeError:
            pass
        except Exception as error:  # any other kind is the fault that is looked for
            raise AssertionError(f"{type(error).__name__}: {error}; the words: {words!r}") from error


class _Runs:
    """A pickle of it calls a function when it is read."""

    def __init__(self, function: object, *args: object) -> None:
        self.call = function, args

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return self.call[0], self.call[1]


def gadgets(mark: Path) -> dict[str, object]:
    """Twenty pickles that would write the file `mark`, or reach what could."""
    import builtins
    import importlib
    import operator
    import shutil
    import subprocess
    from functools import partial

    code = f"open({str(mark)!r}, 'w').close()"
    touch = _Runs(builtins.exec, code)
    return {
        "exec": touch,
        "eval": _Runs(builtins.eval, code),
        "os.system": _Runs(os.system, f"touch {mark}"),
        "popen": _Runs(subprocess.Popen, ["touch", str(mark)]),
        "check_output": _Runs(subprocess.check_output, ["touch", str(mark)]),
        "open": _Runs(builtins.open, str(mark), "w"),
        "mknod": _Runs(os.mknod, str(mark)),
        "mkdir": _Runs(os.mkdir, str(mark)),
        "copy": _Runs(shutil.copy, __file__, str(mark)),
        "compile": _Runs(builtins.compile, code, "x", "exec"),
        "import": _Runs(importlib.import_module, "antigravity"),
        "getattr": _Runs(builtins.getattr, _Runs(importlib.import_module, "os"), "system"),
        "methodcaller": _Runs(operator.methodcaller, "system", "x"),
        "partial": _Runs(partial, os.system, f"touch {mark}"),
        "torch.load": _Runs(torch.load, str(mark)),
        "numpy": _Runs(np.save, str(mark), 1),
        "in a list": [torch.zeros(2), touch],
        "in a state": {"weight": torch.ones(2), "more": {"deep": [touch]}},
        "as a key": {"weight": torch.ones(2), _Runs(os.getenv, "HOME"): 1},
        "as a class": {"weight": torch.ones(2), "config": _Runs},
    }


@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize("form", ["zip", "old", "bare"])
@pytest.mark.parametrize("name", gadgets(Path("x")))
def test_a_pickle_that_would_run_code_is_refused(name, form, protocol, tmp_path):
    mark, path = tmp_path / "mark", tmp_path / "x.pth"
    gadget = gadgets(mark)[name]
    if form == "bare":
        path.write_bytes(pickle.dumps(gadget, protocol=protocol))
    else:
        torch.save(gadget, path, _use_new_zipfile_serialization=form == "zip", pickle_protocol=protocol)
    with pytest.raises(IposeError):
        read_weights(path)
    assert not mark.exists()


def test_a_pickle_that_hides_in_a_second_entry_is_refused(tmp_path):
    mark, path = tmp_path / "mark", tmp_path / "x.pth"
    torch.save({"weight": torch.ones(2)}, path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("x/second.pkl", pickle.dumps(gadgets(mark)["exec"], protocol=2))
    with suppress(IposeError):
        read_weights(path)
    assert not mark.exists()


def test_a_pickle_with_a_class_in_the_place_of_a_storage_is_refused(tmp_path):
    torch.save({"weight": torch.ones(2)}, tmp_path / "a.pth")
    with zipfile.ZipFile(tmp_path / "a.pth") as sound, zipfile.ZipFile(tmp_path / "x.pth", "w") as changed:
        for name in sound.namelist():
            entry = sound.read(name).replace(b"ctorch\nFloatStorage\n", b"ccollections\nOrderedDict\n")
            changed.writestr(name, entry)
    with pytest.raises(IposeError, match="no weights can be read"):
        read_weights(tmp_path / "x.pth")
