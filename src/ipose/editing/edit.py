"""What an edit is. An edit is a value with two steps, and several edits together are one.

`prepare` changes the scene and its supports, before parts are inferred. Afterwards the parts of the prepared scene are
known, and `redraw` changes the noise (iPOSE), or `recode` changes the codes of classes (GroupDNet). Of several edits,
all prepare before the first one redraws. So a new texture of a part finds the part at its new place, in any order of
edits.
"""

import hashlib
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, ClassVar

from torch import Tensor

from ipose.editing.contexts import CodeContext, NoiseContext, PixelNoise
from ipose.editing.draft import Draft, rebuild_scene
from ipose.errors import ConfigError
from ipose.label_spec import LabelSpec
from ipose.part_annotations import SupportSet
from ipose.synthesis.presets import SynthesisConfig
from ipose.types import Scene

Record = dict[str, Any]
"""An edit in words and numbers, for JSON."""


class Edit:
    """A change to one scene, its supports, its noise or its codes. Subclass it as a frozen dataclass.

    Example::

        both = Resample(object=2) + EditSupports("car", drop="license")
    """

    asks_partnet: ClassVar[bool] = False
    """Whether it changes what PartNet predicts. Such an edit needs a model of predicted parts."""

    def prepare(self, draft: Draft) -> Draft:
        """Change scene and supports. Raises an IposeError where the edit does not fit the scene."""
        return draft

    def check(self, scene: Scene, edited: Scene) -> None:
        """Raise ConfigError if this edit changes nothing, neither in the scene nor in what all edits make of it."""

    def redraw(self, noise: PixelNoise, context: NoiseContext) -> PixelNoise:
        """Change the noise of an iPOSE model."""
        return noise

    def recode(self, code: Tensor, context: CodeContext) -> Tensor:
        """Change the code of a GroupDNet."""
        return code

    @property
    def steps(self) -> "tuple[Edit, ...]":
        """The single edits that this one is made of, in order."""
        return (self,)

    def __add__(self, other: "Edit") -> "Edits":
        return Edits((*self.steps, *other.steps))

    def record(self) -> list[Record]:
        """The edits for JSON, one entry for each. A map is recorded by its size and hash."""
        return [_record(step) for step in self.steps]


@dataclass(frozen=True)
class Edits(Edit):
    """Several edits in order. Without an edit, nothing changes.

    Edits of different objects commute. If two edits change the same thing, the later one decides.
    """

    edits: tuple[Edit, ...] = ()

    def prepare(self, draft: Draft) -> Draft:
        """The draft after every edit, in their order."""
        for edit in self.edits:
            draft = edit.prepare(draft)
        return draft

    def redraw(self, noise: PixelNoise, context: NoiseContext) -> PixelNoise:
        """The noise after every edit, in their order."""
        for edit in self.edits:
            noise = edit.redraw(noise, context)
        return noise

    def recode(self, code: Tensor, context: CodeContext) -> Tensor:
        """The code after every edit, in their order."""
        for edit in self.edits:
            code = edit.recode(code, context)
        return code

    @property
    def steps(self) -> tuple[Edit, ...]:
        """The single edits, in their order."""
        return tuple(step for edit in self.edits for step in edit.steps)


def edited_draft(edit: Edit, scene: Scene, supports: SupportSet, spec: LabelSpec) -> Draft:
    """The scene and supports after an edit. Parts are inferred from them."""
    draft = rebuild_scene(edit.prepare(Draft(scene, supports, spec)))
    for step in edit.steps:
        step.check(scene, draft.scene)
    return draft


def _record(edit: Edit) -> Record:
    values: Record = {field.name: getattr(edit, field.name) for field in fields(edit)} if is_dataclass(edit) else {}
    given = {name: _plain(value) for name, value in values.items() if value is not None and value is not False}
    return {"edit": type(edit).__name__, **given}


def _plain(value: Any) -> Any:
    if isinstance(value, Tensor):
        digest = hashlib.sha256(value.contiguous().cpu().numpy().tobytes()).hexdigest()
        return {"size": list(value.shape), "sha256": digest[:16]}
    if isinstance(value, Scene):
        return value.name
    return list(value) if isinstance(value, tuple) else value


def draft_for(edit: Edit, scene: Scene, supports: SupportSet, spec: LabelSpec, config: SynthesisConfig) -> Draft:
    """The edited scene and supports, for a generator of this config.

    Raises:
        ConfigError, SupportError: an edit that makes no sense in this scene, or for a model of this kind.
    """
    for step in edit.steps if not config.needs_partnet else ():
        if step.asks_partnet:
            raise _nothing_predicted(type(step).__name__, config)
    draft = edited_draft(edit, scene, supports, spec)
    if config.parts == "true" and scene.part is not None and draft.scene.part is None:
        raise ConfigError(
            "this edit changes the layout, and a model of true parts needs the part map that goes with it",
            field="parts",
            mend="Change the scene's label, instance and part map together, and generate from them.",
        )
    return draft


def _nothing_predicted(edit: str, config: SynthesisConfig) -> ConfigError:
    kinds = {
        "true": "it paints the true part map: change that",
        "position_descriptor": "it sees where pixels lie in their object's outline: change that",
    }
    reads = "it was trained without parts" if config.part_injection == "none" else kinds[config.parts]
    return ConfigError(
        f"{edit} changes what PartNet predicts, which this model does not read ({reads})",
        field="parts",
        mend="Edit texture or layout, or take a model of predicted parts.",
    )
