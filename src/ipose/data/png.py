"""Reading and writing image files. A file that is neither an index PNG nor a photograph is an error that says why.

*Photographs* are read by one rule, whatever they come as: upright, as their EXIF says and as every viewer shows them;
transparent pixels laid on white; greyscale, palettes and CMYK as RGB; 16 bits a colour by their upper eight. Maps have
no EXIF: they are taken as they are stored, so a map must be drawn on the upright photograph. The maps, boxes and
landmarks of published sets are of the stored pixels, so these photographs are not turned (`upright=False`).
`photo_notes` says what the rule did to a file. More than `MOST_PIXELS` and floating point are refused.

An *index PNG* holds one id per pixel: greyscale of 8 or 16 bits, or a palette (whose colours mean nothing to us, but
let a person see the map). Everything else that an image library would quietly turn into numbers is refused here:
colours, transparency, greyscale of 1, 2 or 4 bits (scaled to 0..255 on reading), JPEG (which blurs ids).
"""

import struct
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Int32, UInt8
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError
from torch import Tensor

from ipose.errors import DataError
from ipose.images import size_in_words
from ipose.whole_files import save_whole

_BROKEN = (  # what Pillow raises on damaged files
    *(OSError, SyntaxError, ValueError, EOFError, zlib.error, struct.error, KeyError, IndexError, TypeError),
    *(AttributeError, ArithmeticError, RuntimeError, MemoryError),
)
MOST_PIXELS = 1 << 27
"""The most pixels that an image may have: 134 million, whose decoding needs less than 2 GB."""

if Image.MAX_IMAGE_PIXELS is not None:  # Pillow warns of fewer
    Image.MAX_IMAGE_PIXELS = max(Image.MAX_IMAGE_PIXELS, MOST_PIXELS)

TURNED = "turned upright, as EXIF says"
_ORIENTATION = 0x0112
_T = Image.Transpose
_TURNS = dict(enumerate((_T.FLIP_LEFT_RIGHT, _T.ROTATE_180, _T.FLIP_TOP_BOTTOM), start=2))
_TURNS |= dict(enumerate((_T.TRANSPOSE, _T.ROTATE_270, _T.TRANSVERSE, _T.ROTATE_90), start=5))
"""What makes a photograph of that EXIF orientation upright."""

_SAVE_AS_INDEX = "Save it as an 8-bit greyscale or palette PNG that holds ids, not colours."
_BY_IMPORT = "ipose data import makes ids of colours (--legend)."


def read_photo(path: Path, *, upright: bool = True, transparency: bool = True) -> NDArray[np.uint8]:
    """A photograph as uint8 (H, W, 3), by the rule above.

    Args:
        upright: turn it as its EXIF says. False is for maps in colour and published sets, which are taken as stored.
        transparency: lay transparent pixels on white. False is for masks, whose colours count whatever is transparent.
    Raises:
        DataError: missing, empty, unreadable, truncated, not an image, huge, or of 32 bits or floating point.
    """
    with open_image(path, "a photograph (jpg or png)") as image:
        turn = _TURNS.get(_orientation(image)) if upright else None
        if image.mode in ("I", "F"):
            found, mend = f"mode {image.mode}", "Save the photograph with 8 bits per colour."
            raise DataError("wrong bit depth", file=path, found=found, expected="8 or 16 bits per colour", mend=mend)
        decoded = decode_image(image, path)
        try:
            pixels = _rgb(decoded) if transparency else decoded.convert("RGB")
        except _BROKEN as error:  # a mode that has no way to RGB
            raise _damaged(path, error, "a photograph (jpg or png)") from error
        return np.array(pixels if turn is None else pixels.transpose(turn))


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8)).convert("RGB")
    if not _transparent(image):
        return image if image.mode == "RGB" else image.convert("RGB")
    picture = image if image.mode == "RGBA" else image.convert("RGBA")
    white = Image.new("RGB", picture.size, "white")
    white.paste(picture, mask=picture.getchannel("A"))
    return white


def _transparent(image: Image.Image) -> bool:
    return "A" in image.getbands() or "a" in image.getbands() or "transparency" in image.info


def _orientation(image: Image.Image) -> int:
    """1..8, of the EXIF before the pixels; 1 = upright, also for EXIF that cannot be read."""
    if image.format == "TIFF":  # Pillow turns it when it decodes it
        return 1
    try:
        return int(Image.Image.getexif(image).get(_ORIENTATION, 1))  # PNG's own way decodes the whole image
    except (*_BROKEN, UserWarning):
        return 1


def photo_notes(path: Path, *, upright: bool = True) -> tuple[str, ...]:
    """What `read_photo` does to a file beyond decoding it, in words; from its header. Raises as `read_photo`."""
    with open_image(path, "a photograph (jpg or png)") as image:
        found = {
            TURNED: upright and _orientation(image) in _TURNS,
            "with transparency, laid on white": _transparent(image),
            "in CMYK, taken as RGB": image.mode == "CMYK",
            "of 16 bits a colour, read by the upper eight": image.mode.startswith("I;16") or _png_depth(path) == 16,
        }
        return tuple(note for note, holds in found.items() if holds)


def _png_depth(path: Path) -> int:
    """Bits a colour of a PNG; 0 for any other file."""
    with path.open("rb") as stream:
        start = stream.read(26)
    return start[24] if start.startswith(b"\x89PNG") and len(start) == 26 else 0


def read_index(path: Path, *, bits: int = 8) -> NDArray[np.int32]:
    """The ids of an index PNG, int32 (H, W).

    Args:
        bits: the most that a pixel may have: 8 for labels and parts, 16 for instances.
    Raises:
        DataError: missing, empty, unreadable, truncated, not an image, no PNG, in colour, or of the wrong bit depth.
    """
    with open_image(path, "an index PNG") as image:
        _check_is_index(image, path, bits)
        return np.array(decode_image(image, path), dtype=np.int32)


def is_colour_image(path: Path) -> bool:
    """Whether an image holds colours (RGB, with or without transparency) rather than ids. Raises as `read_photo`."""
    with open_image(path, "an image") as image:
        return image.mode in ("RGB", "RGBA")


def image_size(path: Path, *, upright: bool = True) -> tuple[int, int]:
    """(height, width) of the upright or the stored image, from the header alone. Raises DataError as `read_photo`."""
    with open_image(path, "an image") as image:
        turned = upright and _orientation(image) >= 5
        return (image.width, image.height) if turned else (image.height, image.width)


def _check_is_index(image: Image.Image, path: Path, bits: int) -> None:
    if image.format != "PNG":
        found = f"a {image.format} image"
        raise DataError("not a PNG", file=path, found=found, expected="an index PNG", mend=_SAVE_AS_INDEX)
    with path.open("rb") as stream:
        depth, kind = struct.unpack("BB", stream.read(26)[24:])  # PNG header: bit depth, colour type
    if kind not in (0, 3):
        colour = {2: "RGB", 4: "greyscale with transparency", 6: "RGBA"}.get(kind, f"colour type {kind}")
        found = f"a colour image ({colour})" if kind in (2, 6) else colour
        mend = f"{_SAVE_AS_INDEX} {_BY_IMPORT}"
        raise DataError("not an index PNG", file=path, found=found, expected="one id per pixel", mend=mend)
    if kind == 0 and (depth < 8 or depth > bits):
        found, expected = f"{depth}-bit greyscale", "8-bit" if bits == 8 else "8- or 16-bit"
        raise DataError("wrong bit depth", file=path, found=found, expected=expected, mend=_SAVE_AS_INDEX)


def open_image(path: Path, expected: str) -> Image.Image:
    """An image, not yet decoded. Raises DataError, which says what was `expected`."""
    try:
        if path.stat().st_size == 0:
            raise DataError("empty file", file=path, found="0 bytes", expected=expected, mend="Get it again.")
        image = Image.open(path)
        if image.width * image.height > MOST_PIXELS:
            image.close()
            raise _too_large(path, f"{size_in_words(image.height, image.width)} pixels")
        return image
    except FileNotFoundError as error:
        what, mend = "link to nowhere" if path.is_symlink() else "no such file", "Put it there, or remove its partners."
        raise DataError(what, file=path, expected=expected, mend=mend) from error
    except UnidentifiedImageError as error:
        raise _not_an_image(path, expected) from error
    except DataError:
        raise
    except _BROKEN as error:
        if isinstance(error, OSError) and error.errno is not None:  # the file system speaks, not the decoder
            found, mend = error.strerror or "", "Check its permissions and the disk."
            raise DataError("unreadable file", file=path, found=found, expected=expected, mend=mend) from error
        raise _damaged(path, error, expected) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_large(path, str(error)) from error


def decode_image(image: Image.Image, path: Path) -> Image.Image:
    """Decode the pixels: only now does a truncated file show itself."""
    try:
        image.load()
    except _BROKEN as error:
        raise _damaged(path, error, "a whole image") from error
    return image


def _too_large(path: Path, found: str) -> DataError:
    most = f"{MOST_PIXELS:,} pixels at most"
    return DataError("image too large", file=path, found=found, expected=most, mend="Save it smaller.")


def _damaged(path: Path, error: BaseException, expected: str) -> DataError:
    return DataError("truncated or damaged image", file=path, found=str(error), expected=expected, mend="Get it again.")


def _not_an_image(path: Path, expected: str) -> DataError:
    with path.open("rb") as stream:
        start = stream.read(8)
    if start.startswith((b"\x89PNG", b"\xff\xd8\xff")):  # the name card of a PNG or JPEG, and then nothing readable
        return _damaged(path, ValueError("a header without an image"), expected)
    found, mend = f"a file that begins with {start!r}", "Replace it, or remove it with its partners."
    return DataError("not an image", file=path, found=found, expected=expected, mend=mend)


def write_photo(path: Path, image: UInt8[Tensor, "3 h w"]) -> None:
    """Write an image as PNG or JPEG, by the file's ending. Raises WriteError where it cannot be written."""
    save_whole(Image.fromarray(image.cpu().permute(1, 2, 0).contiguous().numpy()), path)


def write_index(
    path: Path,
    ids: UInt8[Tensor, "h w"] | Int32[Tensor, "h w"],
    *,
    colors: Sequence[tuple[int, int, int]] | Mapping[int, tuple[int, int, int]] | None = None,
    bits: int = 8,
) -> None:
    """Write ids as an index PNG: 8 bits (with a palette, if colours are given) or 16-bit greyscale.

    Raises:
        DataError: an id that the bits cannot hold.
        WriteError: it cannot be written.
    """
    values = ids.cpu().numpy()
    if values.size and not 0 <= values.min() <= values.max() < 1 << bits:
        found, expected = f"{values.min()}..{values.max()}", f"0..{(1 << bits) - 1}"
        what, mend = "id that the PNG cannot hold", "Renumber the ids."
        raise DataError(what, file=path, found=found, expected=expected, mend=mend)
    if bits == 16:
        save_whole(Image.fromarray(values.astype(np.uint16)), path)
        return
    image = Image.fromarray(values.astype(np.uint8))
    if colors is not None:
        table = np.zeros((256, 3), dtype=np.uint8)
        for number, color in colors.items() if isinstance(colors, Mapping) else enumerate(colors):
            table[number] = color
        image.putpalette(table.tobytes())  # turns mode L into P and keeps the ids
    save_whole(image, path)
