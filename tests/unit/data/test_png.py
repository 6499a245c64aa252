import os
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from ipose.data.png import image_size, read_index, read_photo, write_index, write_photo
from ipose.errors import DataError

IDS = np.arange(12, dtype=np.uint8).reshape(3, 4)


def save(path: Path, array: np.ndarray, mode: str | None = None) -> Path:
    image = Image.fromarray(array)
    (image if mode is None else image.convert(mode)).save(path)
    return path


def cut(path: Path, share: float) -> Path:
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    return path


NOISE = np.random.default_rng(0).integers(0, 255, (40, 50), dtype=np.uint8)


class TestReadIndex:
    """read_index returns the ids of an index PNG, and refuses everything that only looks like one."""

    @pytest.mark.parametrize("colors", [None, [(9, 9, 9), (200, 0, 0)]])
    def test_eight_bits_with_and_without_palette_read_back(
        self, tmp_path: Path, colors: list[tuple[int, int, int]] | None
    ) -> None:
        write_index(tmp_path / "a.png", torch.from_numpy(IDS), colors=colors)
        assert np.array_equal(read_index(tmp_path / "a.png"), IDS)
        with Image.open(tmp_path / "a.png") as image:
            assert image.mode == ("L" if colors is None else "P")

    def test_sixteen_bits_read_back(self, tmp_path: Path) -> None:
        ids = torch.tensor([[0, 26001], [65535, 7]], dtype=torch.int32)
        write_index(tmp_path / "a.png", ids, bits=16)
        assert np.array_equal(read_index(tmp_path / "a.png", bits=16), ids.numpy())

    def test_a_palette_of_four_bits_holds_ids_as_they_are(self, tmp_path: Path) -> None:
        image = Image.fromarray(IDS)
        image.putpalette([0, 0, 0] * 16)
        image.save(tmp_path / "a.png", bits=4)
        assert np.array_equal(read_index(tmp_path / "a.png"), IDS)

    @pytest.mark.parametrize(
        ("make", "message"),
        [
            (lambda p: save(p, np.zeros((3, 4, 3), np.uint8)), r"not an index PNG: found a colour image \(RGB\)"),
            (lambda p: save(p, np.zeros((3, 4, 4), np.uint8)), r"not an index PNG: found a colour image \(RGBA\)"),
            (lambda p: save(p, IDS, "LA"), "not an index PNG: found greyscale with transparency"),
            (lambda p: save(p, IDS, "1"), "wrong bit depth: found 1-bit greyscale, expected 8-bit"),
            (lambda p: save(p, IDS.astype(np.uint16)), "wrong bit depth: found 16-bit greyscale, expected 8-bit"),
            (lambda p: Image.fromarray(IDS).save(p, "JPEG") or p, "not a PNG: found a JPEG image"),
            (lambda p: p.write_bytes(b"") or p, "empty file: found 0 bytes"),
            (lambda p: p.write_text("hello, world") or p, "not an image: found a file that begins with b'hello, w'"),
            (lambda p: cut(save(p, NOISE), 0.5), "truncated or damaged"),
            (lambda p: cut(save(p, NOISE), 0.01), "truncated or damaged"),
            (lambda p: p, "no such file"),
            (lambda p: p.mkdir() or p, "unreadable file: found Is a directory"),
            (lambda p: p.symlink_to(p) or p, "unreadable file: found Too many levels"),
            (lambda p: p.symlink_to("gone") or p, "link to nowhere"),
        ],
    )
    def test_what_is_no_index_png_is_named_with_its_file(self, tmp_path: Path, make: object, message: str) -> None:
        path = tmp_path / "bad.png"
        make(path)  # type: ignore[operator]
        with pytest.raises(DataError, match=message) as caught:
            read_index(path)
        assert caught.value.file == path

    def test_four_bit_greyscale_is_refused_because_readers_scale_it(self, tmp_path: Path) -> None:
        path = save(tmp_path / "a.png", IDS)
        import struct
        import zlib

        def chunk(kind: bytes, data: bytes) -> bytes:
            return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

        body = zlib.compress(b"\x00\x12\x00\x34")
        header = struct.pack(">IIBBBBB", 2, 2, 4, 0, 0, 0, 0)
        path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b""))
        with pytest.raises(DataError, match="found 4-bit greyscale"):
            read_index(path)

    @pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
    def test_a_file_without_permission_is_named(self, tmp_path: Path) -> None:
        path = save(tmp_path / "a.png", IDS)
        path.chmod(0)
        with pytest.raises(DataError, match="unreadable file: found Permission denied"):
            read_index(path)

    def test_ids_that_a_png_cannot_hold_are_not_written(self, tmp_path: Path) -> None:
        with pytest.raises(DataError, match=r"found 0\.\.300, expected 0\.\.255"):
            write_index(tmp_path / "a.png", torch.tensor([[0, 300]], dtype=torch.int32))
        assert not (tmp_path / "a.png").exists()


class TestReadPhoto:
    """read_photo gives RGB whatever the photograph's own mode."""

    def test_a_png_reads_back_as_written(self, tmp_path: Path) -> None:
        image = torch.arange(36, dtype=torch.uint8).reshape(3, 3, 4)
        write_photo(tmp_path / "a.png", image)
        assert np.array_equal(read_photo(tmp_path / "a.png"), image.permute(1, 2, 0).numpy())
        assert image_size(tmp_path / "a.png") == (3, 4)

    @pytest.mark.parametrize("mode", ["L", "P", "RGBA", "1", "CMYK"])
    def test_other_modes_become_rgb(self, tmp_path: Path, mode: str) -> None:
        path = tmp_path / ("a.jpg" if mode == "CMYK" else "a.png")
        assert read_photo(save(path, IDS, mode)).shape == (3, 4, 3)

    def test_sixteen_bits_are_refused(self, tmp_path: Path) -> None:
        with pytest.raises(DataError, match="wrong bit depth"):
            read_photo(save(tmp_path / "a.png", IDS.astype(np.uint16)))

    def test_a_truncated_jpeg_is_named(self, tmp_path: Path) -> None:
        path = cut(save(tmp_path / "a.jpg", NOISE), 0.7)
        with pytest.raises(DataError, match="truncated or damaged"):
            read_photo(path)
