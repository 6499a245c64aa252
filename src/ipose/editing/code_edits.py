"""Another look of a class: its code drawn anew, from a photograph, or moved to another one (GroupDNet sec. 4.4.3).

Edits of the label map (`EditLabel`, ...) work on GroupDNet as they do on iPOSE: that is its semantic manipulation.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ipose.editing.codes import SeenCodes
from ipose.editing.draft import Draft
from ipose.editing.edit import Edit
from ipose.editing.layout import edited_draft
from ipose.errors import ConfigError
from ipose.groupdnet.codes import with_class_code
from ipose.groupdnet.model import GroupDNet
from ipose.types import Scene, SupportSet


@dataclass(frozen=True)
class ResampleClass(Edit):
    """New codes for some classes; the codes of all others stay as they are, bit for bit.

    Args:
        classes: by name; none = the whole code.
        seed: of the new code; None = the one after the scene's own.
    Raises:
        ConfigError: a bare string; on use, a name that the model's spec does not have.
    """

    classes: tuple[str, ...] = ()
    seed: int | None = None

    def __post_init__(self) -> None:
        if isinstance(self.classes, str):  # which would read as a name a letter
            raise ConfigError(
                "classes are a tuple of names",
                field="classes",
                found=repr(self.classes),
                expected=f"({self.classes!r},)",
            )

    def recode(self, code: Tensor, seen: SeenCodes) -> Tensor:
        """The code with fresh random numbers for the classes, or for all where none are named."""
        return _replaced(code, seen.drawn(seen.seed + 1 if self.seed is None else self.seed), self.classes, seen)


@dataclass(frozen=True)
class MixAppearance(Edit):
    """Some classes look as in another photograph: appearance mixture, one source for each class (GroupDNet fig. 6).

    Args:
        source: a scene with a photograph that shows these classes.
        classes: by name; none = the whole code.
    Raises:
        ConfigError: on use, a name that the model's spec does not have, or a class that the source does not show.
        DataError: on use, a source without a photograph.
    """

    source: Scene
    classes: tuple[str, ...] = ()

    def recode(self, code: Tensor, seen: SeenCodes) -> Tensor:
        """The code with the source's in place of the classes', or in whole where none are named."""
        if self.classes:
            shown = set(self.source.label.unique().tolist())
            absent = [name for name, i in zip(self.classes, seen.numbers(self.classes), strict=True) if i not in shown]
            if absent:
                names = [seen.model.spec.classes[i].name for i in sorted(shown)]
                raise ConfigError(
                    f"the photograph {self.source.name!r} does not show this class",
                    field="class",
                    found=", ".join(absent),
                    expected=", ".join(names),
                )
        return _replaced(code, seen.read(self.source), self.classes, seen)


@dataclass(frozen=True)
class Morph(Edit):
    """Style morphing: some classes' codes on the straight line from their own to another code (GroupDNet fig. 6).

    Args:
        t: 0 stays, 1 arrives; below 0 and above 1 go on beyond either end.
        to: the seed of the other code, or a scene with a photograph.
        classes: by name; none = the whole code.
    """

    t: float
    to: int | Scene
    classes: tuple[str, ...] = ()

    def recode(self, code: Tensor, seen: SeenCodes) -> Tensor:
        """The code moved by `t` of the way towards the other scene's, or the other seed's."""
        end = seen.read(self.to) if isinstance(self.to, Scene) else seen.drawn(self.to)
        return _replaced(code, code + self.t * (end - code), self.classes, seen)


def paint_edited(
    model: GroupDNet, scene: Scene, edit: Edit, *, seed: int = 0, code: Tensor | None = None
) -> Float[Tensor, "3 h w"]:
    """An image of the edited scene, in [-1, 1].

    Args:
        model: trained.
        scene: to paint.
        edit: of label map or codes; edits add up.
        seed: of the code before the edits.
        code: in place of a drawn one: that of the scene's photograph (`model.encode([scene]).mean`), say.
    Raises:
        ConfigError: an edit that makes no sense in this scene.
    """
    draft: Draft = edited_draft(edit, scene, SupportSet({}, {}), model.spec)
    base = model.draw([draft.scene], seed=seed) if code is None else code
    return model.paint([draft.scene], edit.recode(base, SeenCodes(model, draft.scene, seed)))[0]


def _replaced(code: Tensor, other: Tensor, classes: tuple[str, ...], seen: SeenCodes) -> Tensor:
    if code.shape != other.shape:
        raise ConfigError(
            "codes of two sizes do not mix", field="source", found=tuple(other.shape), expected=tuple(code.shape),
            mend="Codes must be of one model and one image size: take those of this model (model.encode), of a "
            "photograph as large as the scene.",
        )  # fmt: skip
    if not classes:
        return torch.clone(other)
    return with_class_code(code, seen.numbers(classes), other, seen.model.config.num_classes)
