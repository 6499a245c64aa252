import os
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from ipose.data.png import _TURNS as TURNS
from ipose.data.png import TURNED, image_size, photo_notes, read_index, read_photo, write_index, write_photo
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

    def test_sixteen_bits_are_read_by_the_upper_eight(self, tmp_path: Path) -> None:
        path = save(tmp_path / "a.png", np.array([[0, 255, 256], [65535, 513, 32768]], dtype=np.uint16))
        assert read_photo(path)[..., 0].tolist() == [[0, 0, 1], [255, 2, 128]]
        assert photo_notes(path) == ("of 16 bits a colour, read by the upper eight",)

    def test_floating_point_is_refused(self, tmp_path: Path) -> None:
        Image.fromarray(np.zeros((3, 4), np.float32)).save(tmp_path / "a.tif")
        with pytest.raises(DataError, match="wrong bit depth: found mode F"):
            read_photo(tmp_path / "a.tif")

    @pytest.mark.parametrize("ending", ["jpg", "png", "webp"])
    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_a_photograph_is_upright_as_its_exif_says(self, tmp_path: Path, orientation: int, ending: str) -> None:
        upright = Image.fromarray(np.zeros((16, 32, 3), np.uint8))
        upright.paste((255, 255, 255), (0, 0, 8, 8))  # in the upper left corner
        path, exif = tmp_path / f"a.{ending}", Image.Exif()
        exif[0x0112] = orientation
        back = {6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}.get(orientation, TURNS.get(orientation))
        (upright if back is None else upright.transpose(back)).save(path, exif=exif)
        pixels = read_photo(path)
        assert pixels.shape[:2] == image_size(path) == (16, 32)
        assert pixels[2, 2].min() > 200
        assert pixels[[2, 12, 12], [28, 2, 28]].max() < 50
        assert photo_notes(path) == ((TURNED,) if orientation > 1 else ())

    def test_a_map_in_colour_is_taken_as_it_is_stored(self, tmp_path: Path) -> None:
        exif = Image.Exif()
        exif[0x0112] = 6
        Image.new("RGB", (8, 4)).save(tmp_path / "a.png", exif=exif)
        assert read_photo(tmp_path / "a.png", upright=False).shape == (4, 8, 3)

    @pytest.mark.filterwarnings("ignore:Corrupt EXIF")
    def test_exif_that_cannot_be_read_turns_nothing(self, tmp_path: Path) -> None:
        Image.new("RGB", (8, 4)).save(tmp_path / "a.jpg", exif=b"Exif\0\0II*\0\xff\xff\xff\xff")
        assert read_photo(tmp_path / "a.jpg").shape == (4, 8, 3)

    @pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
    def test_transparent_pixels_are_laid_on_white(self, tmp_path: Path, mode: str) -> None:
        picture = Image.new("RGBA", (2, 1), (0, 0, 0, 0))
        picture.putpixel((1, 0), (0, 0, 0, 255))
        picture.convert(mode).save(tmp_path / "a.png")
        assert read_photo(tmp_path / "a.png").tolist() == [[[255] * 3, [0] * 3]]
        assert photo_notes(tmp_path / "a.png") == ("with transparency, laid on white",)

    def test_cmyk_is_noted(self, tmp_path: Path) -> None:
        assert photo_notes(save(tmp_path / "a.jpg", IDS, "CMYK")) == ("in CMYK, taken as RGB",)

    def test_a_huge_image_is_refused_by_its_header(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("ipose.data.png.MOST_PIXELS", 11)
        for read in (read_photo, read_index, image_size):
            with pytest.raises(
                DataError, match=r"image too large: found 3x4 \(height x width\) pixels, expected 11 pixels at most"
            ):
                read(save(tmp_path / "a.png", IDS))

    def test_a_truncated_jpeg_is_named(self, tmp_path: Path) -> None:
        path = cut(save(tmp_path / "a.jpg", NOISE), 0.7)
        with pytest.raises(DataError, match="truncated or damaged"):
            read_photo(path)
