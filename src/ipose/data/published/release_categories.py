"""The numbers that the authors' release gives to part categories; everywhere else a category is its name.

Numbers 1..20 follow Pascal VOC, 24..28 Cityscapes' label ids; the others were added for single classes. Some numbers
name the same category, and some read the supports of another one. Source: the folders and settings of the release.
"""

from collections.abc import Mapping

from ipose.errors import DataError

CATEGORY_NAMES: Mapping[int, str] = {
    1: "aeroplane", 2: "bicycle", 3: "bird", 4: "boat", 5: "bottle", 6: "bus", 7: "car", 8: "cat", 9: "chair",
    10: "cow", 11: "table", 12: "dog", 13: "horse", 14: "motorbike", 15: "human", 16: "pottedplant", 17: "sheep",
    18: "sofa", 19: "train", 20: "tvmonitor",
    24: "human", 25: "human", 26: "car", 27: "truck", 28: "bus", 31: "train", 32: "motorbike", 33: "bicycle",
    35: "car", 36: "washer", 37: "stop sign", 38: "microwave", 39: "van", 40: "zebra",
}  # fmt: skip
"""Name by number. 25 is Cityscapes' rider, whose parts are a human's. 38 and 39 are named by nothing but the classes
that use them: COCO-Stuff's and ADE20K's microwave, ADE20K's van. 35 is named by its supports alone."""

SHARED_SUPPORTS: Mapping[int, int] = {
    6: 28, 7: 26, 15: 24, 25: 24, 31: 19, 32: 14, 33: 2, 35: 26, 39: 26, 40: 13,
}  # fmt: skip
"""Numbers that read the supports of another number."""


def support_category(number: int) -> int:
    """The number whose supports serve category `number` in the release: its own, unless it shares another's.

    Raises:
        DataError: no such category.
    Example:
        >>> support_category(39), support_category(24)
        (26, 24)
    """
    if number not in CATEGORY_NAMES:
        raise DataError(
            "no such part category in the release",
            found=number,
            expected=", ".join(map(str, CATEGORY_NAMES)),
            mend="Rename the folder to the number of its category.",
        )
    return SHARED_SUPPORTS.get(number, number)
