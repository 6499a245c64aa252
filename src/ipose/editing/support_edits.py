"""Another structure: edit a category's supports, not the result, and PartNet infers accordingly (iPOSE fig. 6)."""

from dataclasses import dataclass, replace
from typing import ClassVar

import torch
from torch import Tensor

from ipose.editing.draft import Draft
from ipose.editing.edit import Edit
from ipose.editing.layout import fill_from_nearest
from ipose.errors import ConfigError, SupportError
from ipose.types import SupportSet


@dataclass(frozen=True, eq=False)
class EditSupports(Edit):
    """Change what PartNet knows of a category's parts, for this scene: a car without licence plates.

    Args:
        category: part category; all its objects in the scene are inferred anew.
        drop: a part that no support shall have: its pixels become the nearest other part of their support, so that the
            supports keep their shapes.
        replace: uint8 (k, 64, 64) other part maps, or (64, 64) one in place of all k.
        rename: (part, name): a name that the category has already makes the one part count as the other; a new name is
            a name, and changes no image.
    Raises:
        ConfigError: not exactly one of drop, replace, rename.
        SupportError: on use: no such category or part, a part that no support shows, maps of another size or with
            unknown parts, or nothing left.
    """

    asks_partnet: ClassVar[bool] = True

    category: str
    drop: str | None = None
    replace: Tensor | None = None
    rename: tuple[str, str] | None = None

    def __post_init__(self) -> None:
        asked = [name for name in ("drop", "replace", "rename") if getattr(self, name) is not None]
        if len(asked) != 1:
            raise ConfigError(
                "an edit of supports does one thing; add two edits for two",
                field="EditSupports",
                found=" and ".join(asked) or "nothing",
                expected="one of drop='license', replace=part_maps, rename=('light', 'chassis')",
            )

    def prepare(self, draft: Draft) -> Draft:
        """The draft with the edited supports; SupportError for a category that the model has none of."""
        supports = draft.supports
        if self.category not in supports.part_maps:
            raise SupportError(
                "no such part category",
                field="category",
                found=repr(self.category),
                expected=", ".join(supports.categories) or "a model with supports",
            )
        maps, names = supports.part_maps[self.category], tuple(supports.part_names[self.category])
        if self.drop is not None:
            maps = self._without(self.drop, maps, names)
        elif self.rename is not None:
            maps, names = self._renamed(*self.rename, maps, names)
        elif self.replace is not None:
            maps = self._replaced(self.replace, maps)
        edited = SupportSet({**supports.part_names, self.category: names}, {**supports.part_maps, self.category: maps})
        return replace(draft, supports=edited)

    def _part_id(self, part: str, maps: Tensor, names: tuple[str, ...]) -> int:
        if part not in names:
            raise SupportError(
                f"{self.category} has no such part", field="part", found=repr(part), expected=", ".join(names)
            )
        number = names.index(part) + 1
        if not bool((maps == number).any()):
            raise SupportError(
                f"no support of {self.category} shows a {part}",
                field="part",
                expected=", ".join(name for i, name in enumerate(names, start=1) if bool((maps == i).any())),
            )
        return number

    def _without(self, part: str, maps: Tensor, names: tuple[str, ...]) -> Tensor:
        number = self._part_id(part, maps, names)
        for i, part_map in enumerate(maps):
            if not bool(((part_map != number) & (part_map > 0)).any()):
                raise SupportError(
                    f"nothing is left of support {i + 1} of {self.category} without its {part}",
                    field="drop",
                    mend="Give other part maps (replace), or remove the objects from the label map.",
                )
        return torch.stack([fill_from_nearest(item, item == number, (item != number) & (item > 0)) for item in maps])

    def _renamed(self, part: str, name: str, maps: Tensor, names: tuple[str, ...]) -> tuple[Tensor, tuple[str, ...]]:
        number = self._part_id(part, maps, names)
        if name in names:
            return torch.where(maps == number, names.index(name) + 1, maps).to(maps.dtype), names
        return maps, tuple(name if i == number else old for i, old in enumerate(names, start=1))

    def _replaced(self, maps: Tensor, old: Tensor) -> Tensor:
        maps = maps.expand(len(old), -1, -1) if maps.ndim == 2 else maps
        if maps.shape != old.shape or maps.dtype != torch.uint8:
            raise SupportError(
                f"these cannot stand in for the supports of {self.category}",
                field="replace",
                found=f"{maps.dtype} {tuple(maps.shape)}",
                expected=f"torch.uint8 {tuple(old.shape)}, or one map of {tuple(old.shape[1:])}",
            )
        if not bool((maps > 0).flatten(1).any(1).all()):
            raise SupportError("an empty part map", field="replace", mend="Draw at least one part in each.")
        return maps
