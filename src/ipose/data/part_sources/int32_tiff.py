"""Reading the TIFFs that panoptic part ids are published in, guarded like the PNGs of `ipose.data.png`."""

import warnings
from pathlib import Path

import numpy as np
from jaxtyping import Int32
from numpy import ndarray
from PIL import Image, UnidentifiedImageError

from ipose.errors import DataError

TIFF_ENDINGS = (".tif", ".tiff")

_EXPECTED = "a TIFF with one 32-bit whole number a pixel"


def read_int32_tiff(path: Path) -> Int32[ndarray, "h w"]:
    """The ids of an image.

    Raises:
        DataError: missing, unreadable, truncated, not a TIFF, or not of one 32-bit whole number a pixel.
    """
    try:
        # Pillow warns of odd tags; ids that cannot be read are an error all the same
        with warnings.catch_warnings(action="ignore", category=UserWarning), Image.open(path) as image:
            if image.format != "TIFF" or image.mode != "I":
                raise DataError(
                    "not a map of panoptic part ids", file=path, found=f"a {image.format} of mode {image.mode}",
                    expected=_EXPECTED, mend="Take the published TIFFs as they are; nothing else holds parts.",
                )  # fmt: skip
            return np.array(image, dtype=np.int32)
    except FileNotFoundError as error:
        raise DataError("no such file", file=path, expected=_EXPECTED, mend="Put it there.") from error
    except UnidentifiedImageError as error:
        raise DataError("not an image", file=path, expected=_EXPECTED, mend="Get it again.") from error
    except PermissionError as error:
        raise DataError("unreadable file", file=path, found=error.strerror, mend="Check its permissions.") from error
    except (OSError, SyntaxError, ValueError, EOFError, KeyError, TypeError, Image.DecompressionBombError) as error:
        raise DataError(
            "truncated or damaged image", file=path, found=str(error), expected=_EXPECTED, mend="Get it again."
        ) from error  # what Pillow raises on damaged TIFFs; a DataError of ours is a ValueError too
