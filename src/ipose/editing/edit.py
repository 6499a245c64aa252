"""What an edit is: a value with two moments, and several of them are one.

`prepare` changes the scene and its supports, before parts are inferred. Then `redraw` changes the noise, when the parts
of the prepared scene are known (iPOSE), or `recode` the codes of its classes (GroupDNet). All edits of a composition
prepare before the first one redraws, so that a texture edit of a part finds the part where the structure edits have put
it, whichever was named first.
"""

import hashlib
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, ClassVar

from torch import Tensor

from ipose.editing.codes import SeenCodes
from ipose.editing.draft import Draft
from ipose.editing.region import PixelNoise, Seen
from ipose.types import Scene

Record = dict[str, Any]
"""An edit in words and numbers, for JSON."""


class Edit:
    """A change to one scene, its supports or its noise. Subclass it as a frozen dataclass and override a moment.

    Example::

        both = Resample(object=2) + EditSupports("car", drop="license")
    """

    asks_partnet: ClassVar[bool] = False
    """Whether it works through what PartNet predicts, and so asks for a model of predicted parts."""

    def prepare(self, draft: Draft) -> Draft:
        """Scene and supports, changed. Raises an IposeError where that makes no sense in this scene."""
        return draft

    def redraw(self, noise: PixelNoise, seen: Seen) -> PixelNoise:
        """The noise, changed; `seen` is the prepared scene with its parts."""
        return noise

    def recode(self, code: Tensor, seen: SeenCodes) -> Tensor:
        """The code of a GroupDNet, changed; `seen` is the prepared scene with its model."""
        return code

    @property
    def steps(self) -> "tuple[Edit, ...]":
        """The edits that this one is made of, in order."""
        return (self,)

    def __add__(self, other: "Edit") -> "Edits":
        return Edits((*self.steps, *other.steps))

    def record(self) -> list[Record]:
        """What was asked for, one entry a step, ready for JSON; a map is told by its size and hash."""
        return [_record(step) for step in self.steps]


@dataclass(frozen=True)
class Edits(Edit):
    """Several edits in order; none at all is the identity.

    Edits of different objects commute. Of two that change the same thing, the later one has the last word.
    """

    edits: tuple[Edit, ...] = ()

    def prepare(self, draft: Draft) -> Draft:
        """The draft after every edit, in their order."""
        for edit in self.edits:
            draft = edit.prepare(draft)
        return draft

    def redraw(self, noise: PixelNoise, seen: Seen) -> PixelNoise:
        """The noise after every edit, in their order."""
        for edit in self.edits:
            noise = edit.redraw(noise, seen)
        return noise

    def recode(self, code: Tensor, seen: SeenCodes) -> Tensor:
        """The code after every edit, in their order."""
        for edit in self.edits:
            code = edit.recode(code, seen)
        return code

    @property
    def steps(self) -> tuple[Edit, ...]:
        """The single edits, in their order."""
        return tuple(step for edit in self.edits for step in edit.steps)


def _record(edit: Edit) -> Record:
    asked: Record = {field.name: getattr(edit, field.name) for field in fields(edit)} if is_dataclass(edit) else {}
    told = {name: _plain(value) for name, value in asked.items() if value is not None and value is not False}
    return {"edit": type(edit).__name__, **told}


def _plain(value: Any) -> Any:
    if isinstance(value, Tensor):
        digest = hashlib.sha256(value.contiguous().cpu().numpy().tobytes()).hexdigest()
        return {"size": list(value.shape), "sha256": digest[:16]}
    if isinstance(value, Scene):
        return value.name
    return list(value) if isinstance(value, tuple) else value
