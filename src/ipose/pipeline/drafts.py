"""What an edit makes of a scene and the supports, before parts are inferred; edits that a model cannot follow."""

from ipose.editing.draft import Draft
from ipose.editing.edit import Edit, edited_draft
from ipose.errors import ConfigError
from ipose.label_spec import LabelSpec
from ipose.part_annotations import SupportSet
from ipose.synthesis.presets import SynthesisConfig
from ipose.types import Scene


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
