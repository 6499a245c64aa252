"""Edits: values that change what the generator receives for one scene, and nothing else (iPOSE sec. 4, figs. 5 and 6).

    edit            what an edit is, and how several become one      draft    the scene and supports that it changes
    noise_edits     Resample, Blend: another texture                 region   where noise is drawn anew
    support_edits   EditSupports: no light, no licence               fill     holes take what is nearest
    part_edits      EditParts: one object's parts, painted           layout   a scene taken apart and put together
    code_edits      ResampleClass, MixAppearance, Morph: another look of a class (GroupDNet); codes: what they see
    layout_edits    MoveObject, RemoveObject, AddObject, EditLabel   words    edits as the command line names them

Example::

    model(scene, seed=7, edit=Resample(object=2) + EditSupports("car", drop="license"))
"""

from typing import TYPE_CHECKING

from ipose.lazy import lazy_attributes

if TYPE_CHECKING:
    from ipose.editing.code_edits import MixAppearance, Morph, ResampleClass, paint_edited
    from ipose.editing.edit import Edit, Edits
    from ipose.editing.layout_edits import AddObject, EditLabel, MoveObject, RemoveObject
    from ipose.editing.noise_edits import Blend, Resample
    from ipose.editing.part_edits import EditParts
    from ipose.editing.support_edits import EditSupports

__all__ = [
    "AddObject",
    "Blend",
    "Edit",
    "EditLabel",
    "EditParts",
    "EditSupports",
    "Edits",
    "MixAppearance",
    "Morph",
    "MoveObject",
    "RemoveObject",
    "Resample",
    "ResampleClass",
    "paint_edited",
]

__getattr__ = lazy_attributes(
    __name__,
    {
        "code_edits": ("MixAppearance", "Morph", "ResampleClass", "paint_edited"),
        "edit": ("Edit", "Edits"),
        "layout_edits": ("AddObject", "EditLabel", "MoveObject", "RemoveObject"),
        "noise_edits": ("Blend", "Resample"),
        "part_edits": ("EditParts",),
        "support_edits": ("EditSupports",),
    },
)
