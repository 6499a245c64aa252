"""Another look of a class, by another code: drawn anew, from a photograph, or in between (GroupDNet sec. 4.4.3).

Edits of the label map (`EditLabel`, ...) also work with GroupDNet. The paper calls them semantic manipulation.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ipose.editing.contexts import CodeContext
from ipose.editing.edit import Edit, edited_draft
from ipose.errors import ConfigError
from ipose.groupdnet.codes import with_class_code
from ipose.groupdnet.model import GroupDNet
from ipose.part_annotations import SupportSet
from ipose.types import Scene


@dataclass(frozen=True)
class ResampleClass(Edit):
    """New codes for some classes. The codes of all others stay the same, bit for bit.

    Args:
        classes: names of classes. () = the whole code.
        seed: of the new code. None = the one after the scene's own.
    Raises:
        ConfigError: a string in place of a tuple. In use: a name that the model's spec does not have.
    """

    classes: tuple[str, ...] = ()
    seed: int | None = None

    def __post_init__(self) -> None:
        if isinstance(self.classes, str):  # a tuple of its letters
            found, expected = repr(self.classes), f"({self.classes!r},)"
            raise ConfigError("classes are a tuple of names", field="classes", found=found, expected=expected)

    def recode(self, code: Tensor, context: CodeContext) -> Tensor:
        """The code with fresh random numbers for the classes, or for all where none are named."""
        other = context.code_of_seed(context.seed + 1 if self.seed is None else self.seed)
        return _replaced(code, other, self.classes, context)


@dataclass(frozen=True)
class MixAppearance(Edit):
    """Some classes look as in another photograph. The paper calls it appearance mixture (GroupDNet fig. 6).

    Args:
        source: a scene with a photograph that shows these classes.
        classes: names of classes. () = the whole code.
    Raises:
        ConfigError: in use: a name that the model's spec does not have, or a class that the source does not show.
        DataError: in use: a source without a photograph.
    """

    source: Scene
    classes: tuple[str, ...] = ()

    def recode(self, code: Tensor, context: CodeContext) -> Tensor:
        """The code with the source's in place of the classes', or in whole where none are named."""
        if self.classes:
            shown = set(self.source.label.unique().tolist())
            ids = context.class_ids(self.classes)
            absent = [name for name, i in zip(self.classes, ids, strict=True) if i not in shown]
            if absent:
                names = ", ".join(context.model.spec.classes[i].name for i in sorted(shown))
                message = f"the photograph {self.source.name!r} does not show this class"
                raise ConfigError(message, field="class", found=", ".join(absent), expected=names)
        return _replaced(code, context.code_of_photograph(self.source), self.classes, context)


@dataclass(frozen=True)
class Morph(Edit):
    """Style morphing: codes on the straight line from a class's own code to another one (GroupDNet fig. 6).

    Args:
        t: place on the line. 0 = the own code, 1 = the other one. Values below 0 and above 1 lie beyond the ends.
        to: seed of the other code, or a scene with a photograph.
        classes: names of classes. () = the whole code.
    """

    t: float
    to: int | Scene
    classes: tuple[str, ...] = ()

    def recode(self, code: Tensor, context: CodeContext) -> Tensor:
        """The code moved by `t` of the way towards the other scene's, or the other seed's."""
        end = context.code_of_photograph(self.to) if isinstance(self.to, Scene) else context.code_of_seed(self.to)
        return _replaced(code, code + self.t * (end - code), self.classes, context)


def paint_edited(
    model: GroupDNet, scene: Scene, edit: Edit, *, seed: int = 0, code: Tensor | None = None
) -> Float[Tensor, "3 h w"]:
    """An image of the edited scene, in [-1, 1].

    Args:
        code: the code before the edits, for example that of the scene's photograph (`model.encode([scene]).mean`).
            None = drawn with `seed`.
    Raises:
        ConfigError: an edit that does not fit this scene.
    """
    draft = edited_draft(edit, scene, SupportSet({}, {}), model.spec)
    base = model.draw([draft.scene], seed=seed) if code is None else code
    return model.paint([draft.scene], edit.recode(base, CodeContext(model, draft.scene, seed)))[0]


def _replaced(code: Tensor, other: Tensor, classes: tuple[str, ...], context: CodeContext) -> Tensor:
    if code.shape != other.shape:
        message = "codes of two sizes do not mix"
        mend = "Take a code of this model (model.encode), of a photograph as large as the scene."
        raise ConfigError(message, field="source", found=tuple(other.shape), expected=tuple(code.shape), mend=mend)
    if not classes:
        return torch.clone(other)
    return with_class_code(code, context.class_ids(classes), other, context.model.config.num_classes)
