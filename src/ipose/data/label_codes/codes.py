"""What the pixels of a label map stand for: the classes of a spec, in one of three forms.

Written `SPEC`, `SPEC:color` or `SPEC:classes`, where SPEC is the name of a built-in spec or the path of a dataset.toml:
`cityscapes` are label ids, `cityscapes-trainids` train ids, `coco-stuff` 0..181 and 255, `coco-stuff:classes` the same
plus 1 with 0 for what nobody annotated (as the released models count), `ade20k:color` the colours of that spec.
"""

from dataclasses import dataclass
from pathlib import Path

from ipose.data.specs import load_spec, spec_names
from ipose.errors import ConfigError, IposeError
from ipose.types import LabelSpec

IDS, COLOR, CLASSES = "ids", "color", "classes"
FORMS = (IDS, COLOR, CLASSES)


@dataclass(frozen=True)
class LabelCode:
    """One way to write a label map.

    Args:
        spec: its classes.
        form: "ids", the spec's file ids; "color", its colours; "classes", positions in the spec.
        text: as a user writes it.
    """

    spec: LabelSpec
    form: str
    text: str

    def __str__(self) -> str:
        return self.text


def label_code(text: str, field: str = "code") -> LabelCode:
    """The code that a user names.

    Args:
        text: SPEC, SPEC:color or SPEC:classes.
        field: the argument, for messages.
    Raises:
        ConfigError: no such form or spec.
        SpecError: a dataset.toml that contradicts itself.
    Example:
        >>> label_code("coco-stuff:classes").form
        'classes'
    """
    name, colon, form = text.rpartition(":")
    if not colon or Path(text).exists():  # a drive letter is no form
        name, form = text, IDS
    if form not in FORMS:
        raise ConfigError(
            "no such form of a label map", field=field, found=repr(form), expected=", ".join(FORMS),
            mend=f"Write {name}, {name}:color or {name}:classes.",
        )  # fmt: skip
    try:
        return LabelCode(load_spec(name), form, name if form == IDS else f"{name}:{form}")
    except IposeError as error:
        if error.file is not None:
            raise
        raise ConfigError(
            "no such code of label maps", field=field, found=repr(text),
            expected=f"{', '.join(spec_names())}, or the path of a dataset.toml; with :color or :classes where it "
            "holds colours or class ids", mend="Correct its spelling.",
        ) from error  # fmt: skip
