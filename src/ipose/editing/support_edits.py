"""Another structure: edit the supports of a category, and PartNet infers other parts (iPOSE fig. 6)."""

from dataclasses import dataclass, replace
from typing import ClassVar

import torch
from torch import Tensor

from ipose.editing.draft import Draft, fill_from_nearest
from ipose.editing.edit import Edit
from ipose.errors import ConfigError, SupportError
from ipose.part_annotations import SupportSet
from ipose.types import Scene


@dataclass(frozen=True, eq=False)
class EditSupports(Edit):
    """Change the supports of a part category for one scene, for example to cars without licence plates.

    Args:
        category: part category. PartNet infers all its objects in the scene again.
        drop: name of a part to remove from the supports. Its pixels become the nearest other part of the same support,
            so the supports keep their shapes.
        replace: other part maps, uint8 (k, 64, 64), or uint8 (64, 64), one map for all k.
        rename: (part, name). If the category already has a part of that name, both become one part. A new name changes
            no image.
    Raises:
        ConfigError: not exactly one of drop, replace, rename. In use: the scene has no object of the category.
        SupportError: in use: no such category or part, a part that no support shows, maps of another size or with
            unknown parts, or no part is left.
    """

    asks_partnet: ClassVar[bool] = True

    category: str
    drop: str | None = None
    replace: Tensor | None = None
    rename: tuple[str, str] | None = None

    def __post_init__(self) -> None:
        asked = [name for name in ("drop", "replace", "rename") if getattr(self, name) is not None]
        if len(asked) != 1:
            found = " and ".join(asked) or "nothing"
            expected = "one of drop='license', replace=part_maps, rename=('light', 'chassis')"
            message = "an edit of supports does one thing; add two edits for two"
            raise ConfigError(message, field="EditSupports", found=found, expected=expected)

    def prepare(self, draft: Draft) -> Draft:
        """The draft with the edited supports; SupportError for a category that the model has none of."""
        supports = draft.supports
        if self.category not in supports.part_maps:
            known = ", ".join(supports.categories) or "a model with supports"
            raise SupportError("no such part category", field="category", found=repr(self.category), expected=known)
        maps, names = supports.part_maps[self.category], tuple(supports.part_names[self.category])
        if self.drop is not None:
            maps = self._without(self.drop, maps, names)
        elif self.rename is not None:
            maps, names = self._renamed(*self.rename, maps, names)
        elif self.replace is not None:
            maps = self._replaced(self.replace, maps)
        edited = SupportSet({**supports.part_names, self.category: names}, {**supports.part_maps, self.category: maps})
        return replace(draft, supports=edited)

    def check(self, scene: Scene, edited: Scene) -> None:
        """Raise ConfigError for a category that the scene does not show."""
        items = [item for each in (scene, edited) for item in (*each.objects, *each.unlabelled)]
        present = sorted({item.part_category for item in items if item.part_category is not None})
        if self.category not in present:
            message = "the scene has no object of this category, so the edit would change nothing"
            expected = ", ".join(present) or "a scene that has objects with parts"
            raise ConfigError(message, field="category", found=self.category, expected=expected)

    def _part_id(self, part: str, maps: Tensor, names: tuple[str, ...]) -> int:
        if part not in names:
            message = f"{self.category} has no such part"
            raise SupportError(message, field="part", found=repr(part), expected=", ".join(names))
        number = names.index(part) + 1
        if not bool((maps == number).any()):
            shown = ", ".join(name for i, name in enumerate(names, start=1) if bool((maps == i).any()))
            raise SupportError(f"no support of {self.category} shows a {part}", field="part", expected=shown)
        return number

    def _without(self, part: str, maps: Tensor, names: tuple[str, ...]) -> Tensor:
        number = self._part_id(part, maps, names)
        for i, part_map in enumerate(maps):
            if not bool(((part_map != number) & (part_map > 0)).any()):
                message = f"nothing is left of support {i + 1} of {self.category} without its {part}"
                mend = "Give other part maps (replace), or remove the objects from the label map."
                raise SupportError(message, field="drop", mend=mend)
        return torch.stack([fill_from_nearest(item, item == number, (item != number) & (item > 0)) for item in maps])

    def _renamed(self, part: str, name: str, maps: Tensor, names: tuple[str, ...]) -> tuple[Tensor, tuple[str, ...]]:
        number = self._part_id(part, maps, names)
        if name in names:
            return torch.where(maps == number, names.index(name) + 1, maps).to(maps.dtype), names
        return maps, tuple(name if i == number else old for i, old in enumerate(names, start=1))

    def _replaced(self, maps: Tensor, old: Tensor) -> Tensor:
        maps = maps.expand(len(old), -1, -1) if maps.ndim == 2 else maps
        if maps.shape != old.shape or maps.dtype != torch.uint8:
            message = f"these cannot replace the supports of {self.category}"
            expected = f"torch.uint8 {tuple(old.shape)}, or one map of {tuple(old.shape[1:])}"
            raise SupportError(message, field="replace", found=f"{maps.dtype} {tuple(maps.shape)}", expected=expected)
        if not bool((maps > 0).flatten(1).any(1).all()):
            raise SupportError("an empty part map", field="replace", mend="Draw at least one part in each.")
        return maps
