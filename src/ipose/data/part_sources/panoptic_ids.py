"""Reading the TIFFs that panoptic part ids are published in, guarded like the PNGs of `ipose.data.png`."""

import warnings
from pathlib import Path
from typing import NamedTuple

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
                what, found = "not a map of panoptic part ids", f"a {image.format} of mode {image.mode}"
                mend = "Take the published TIFFs as they are; nothing else holds parts."
                raise DataError(what, file=path, found=found, expected=_EXPECTED, mend=mend)
            return np.array(image, dtype=np.int32)
    except FileNotFoundError as error:
        raise DataError("no such file", file=path, expected=_EXPECTED, mend="Put it there.") from error
    except UnidentifiedImageError as error:
        raise DataError("not an image", file=path, expected=_EXPECTED, mend="Get it again.") from error
    except PermissionError as error:
        raise DataError("unreadable file", file=path, found=error.strerror, mend="Check its permissions.") from error
    except DataError:  # it is a ValueError, too
        raise
    except Exception as error:  # Pillow raises almost anything on a damaged TIFF
        what, mend = "truncated or damaged image", "Get it again."
        raise DataError(what, file=path, found=str(error), expected=_EXPECTED, mend=mend) from error


NO_INSTANCE = -1
"""`iid` of a pixel that belongs to no instance."""

LARGEST_UID = 9_999_999


class PanopticParts(NamedTuple):
    """What the uids of an image say, a map each.

    Args:
        sid: class of each pixel, 0..99.
        iid: instance number within the class, 0..999, or `NO_INSTANCE`.
        pid: part number as it stands in the file (not yet folded), 0..99; 0 = no part is labelled.
    """

    sid: Int32[ndarray, "h w"]
    iid: Int32[ndarray, "h w"]
    pid: Int32[ndarray, "h w"]


def decode_uids(uids: Int32[ndarray, "h w"]) -> PanopticParts:
    """Take uids apart.

    Raises:
        DataError: a value that none of the three forms has (negative, of three digits, or above 9999999).
    Example:
        >>> decode_uids(np.array([[7, 26001, 2600103]], dtype=np.int32)).sid.tolist()
        [[7, 26, 26]]
    """
    strange = (uids < 0) | ((uids > 99) & (uids < 1000)) | (uids > LARGEST_UID)
    if strange.any():
        row, col = map(int, np.argwhere(strange)[0])
        found = f"{uids[row, col]} at row {row}, column {col}"
        expected = "sid, sid*1000 + iid, or sid*100000 + iid*100 + pid (1-2, 4-5 or 6-7 digits)"
        mend = "Get the file again; maps of other ids, such as Cityscapes instanceIds, cannot be used here."
        raise DataError("not a panoptic part id", found=found, expected=expected, mend=mend)
    part, instance = uids > 99_999, uids > 99
    sid = np.where(part, uids // 100_000, np.where(instance, uids // 1000, uids))
    iid = np.where(part, uids // 100 % 1000, np.where(instance, uids % 1000, NO_INSTANCE))
    pid = np.where(part, uids % 100, 0)
    return PanopticParts(*(ids.astype(np.int32) for ids in (sid, iid, pid)))
