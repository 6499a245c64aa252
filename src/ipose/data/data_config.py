"""Which data: PartWorld, a scene folder, or a part tree. No torch in here: `--help` reads it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ipose.configs import check_choices, config_from_plain, require
from ipose.errors import ConfigError
from ipose.partworld.config import NOVEL, PART_NAMES, PartWorldConfig

PARTWORLD = "partworld"

Ground = Literal["photo", "grey", "random"]


@dataclass(frozen=True, kw_only=True)
class WorldFlags:
    """Which scenes of PartWorld."""

    scenes: int = 3000
    """PartWorld: training scenes."""
    val_scenes: int = 400
    """PartWorld: validation scenes."""
    categories: tuple[str, ...] | None = None
    """PartWorld: object categories to draw. None = all."""
    objects: tuple[int, int] = (1, 3)
    """PartWorld: fewest and most objects a scene."""
    object_scale: tuple[float, float] = (0.45, 0.9)
    """PartWorld: smallest and largest object side over the image's side."""
    world_seed: int = 0
    """PartWorld: seed of the scenes: a scene is a function of this, the split and its number."""

    def __post_init__(self) -> None:
        if (fewest := min(self.scenes, self.val_scenes)) < 1:
            raise ConfigError("no scenes", field="scenes", found=fewest, expected="1 or more")


@dataclass(frozen=True, kw_only=True)
class DataConfig(WorldFlags):
    """What to train and evaluate on."""

    data: str = PARTWORLD
    """"partworld" (drawn on the spot), a scene folder ({train,val}_{img,label,inst}), Cityscapes or ADE20K as
    downloaded, or a part tree."""
    spec: str | None = None
    """What the label ids mean: a built-in spec's name or a dataset.toml. None = the folder's own dataset.toml, or what
    Cityscapes and ADE20K mean."""
    novel: tuple[str, ...] | None = None
    """Part categories whose part maps are not trained on. None = cat and stop sign on PartWorld, and those that the
    PartNet preset holds out (P: cat). No name = train on all."""
    scene_size: int = 128
    """PartWorld: side of the scenes that part pairs are cut from, in pixels."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.is_partworld:
            self.world("train", (self.scene_size, self.scene_size))
            for name in self.novel or ():
                if name not in PART_NAMES:
                    raise ConfigError("no such category", field="novel", found=name, expected=", ".join(PART_NAMES))

    @property
    def is_partworld(self) -> bool:
        """Whether scenes are drawn on the spot."""
        return self.data == PARTWORLD

    @property
    def novel_categories(self) -> tuple[str, ...]:
        """Part categories that PartNet is not trained on."""
        return self.novel if self.novel is not None else NOVEL if self.is_partworld else ()

    def world(self, split: str, size: tuple[int, int]) -> PartWorldConfig:
        """The PartWorld of a split."""
        return PartWorldConfig(
            seed=self.world_seed,
            count=self.scenes if split == "train" else self.val_scenes,
            size=size,
            categories=self.categories,
            objects=self.objects,
            object_scale=self.object_scale,
            split=split,
        )


@dataclass(frozen=True, kw_only=True)
class CropRule:
    """How an object is cut out of its photograph. A model folder remembers it, so that others cut in the same way."""

    margin: float = 0.1
    """Room on each side of the object's box, as a share of its longer side."""
    ground: Ground = "photo"
    """What is around the object: the photograph, mid grey, or a random colour each time."""

    @classmethod
    def of(cls, model: Mapping[str, Any]) -> "CropRule | None":
        """The rule in the config of a model folder. None = the model knows whole photographs."""
        return config_from_plain(cls, model["crops"]) if "crops" in model else None


@dataclass(frozen=True, kw_only=True)
class PhotoConfig(WorldFlags):
    """What to learn parts from: photographs of one kind of object, without part annotation."""

    data: str = PARTWORLD
    """A folder of photographs, a scene folder (its photographs are taken), Flowers-102, CUB-200-2011, Taichi or
    CelebA as downloaded, or "partworld" (drawn on the spot)."""
    objects: tuple[int, int] = (1, 1)
    """PartWorld: fewest and most objects a scene."""
    object_scale: tuple[float, float] = (0.6, 0.9)
    """PartWorld: smallest and largest object side over the image's side."""

    crops: bool = False
    """Train on objects, not on whole photographs: each is cut out as a square, by its instance map. Needs a scene
    folder or "partworld"."""
    category: str | None = None
    """With --crops: the objects to cut out, a part category or the name of a thing class. None = the only one there."""
    spec: str | None = None
    """With --crops: what the label ids mean, a built-in spec's name or a dataset.toml. None = the folder's own."""
    crop_margin: float = 0.1
    """With --crops: room on each side of the object's box, as a share of its longer side. 0 to 1."""
    ground: Ground = "photo"
    """With --crops: what is around the object. "photo": as photographed. "grey": mid grey. "random": one random colour
    each time."""
    least_side: int = 32
    """With --crops: objects whose longer side has fewer pixels in the photograph are left out."""
    crop_shift: float = 0.0
    """With --crops: the farthest that an object is moved down, up, right or left, as a share of the crop's side. 0 to
    0.5."""
    crop_zoom: float = 1.0
    """With --crops: the largest factor by which an object is enlarged or shrunk. 1 to 2."""
    crop_turn: float = 0.0
    """With --crops: the largest angle that an object is turned by, in degrees, either way. 0 to 180."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_choices(self)
        require(0 <= self.crop_margin <= 1, "crop_margin", self.crop_margin, "0 to 1")
        require(0 <= self.crop_shift <= 0.5, "crop_shift", self.crop_shift, "0 to 0.5 of the crop's side")
        require(1 <= self.crop_zoom <= 2, "crop_zoom", self.crop_zoom, "1 to 2")
        require(0 <= self.crop_turn <= 180, "crop_turn", self.crop_turn, "0 to 180 degrees")
        require(self.least_side >= 3, "least_side", self.least_side, "3 pixels or more")
        for name in () if self.crops else _OF_CROPS:
            if (value := getattr(self, name)) != getattr(PhotoConfig, name):
                raise ConfigError("there are no crops", field=name, found=value, mend="Say --crops, or leave it out.")

    @property
    def is_partworld(self) -> bool:
        """Whether scenes are drawn on the spot."""
        return self.data == PARTWORLD

    @property
    def crop_rule(self) -> CropRule | None:
        """How objects are cut out. None = they are not."""
        return CropRule(margin=self.crop_margin, ground=self.ground) if self.crops else None

    def scenes_config(self) -> DataConfig:
        """The same scenes, as the other systems name them."""
        world = {name: getattr(self, name) for name in WorldFlags.__dataclass_fields__}
        if self.is_partworld and self.category is not None and self.categories is None:
            world["categories"] = (self.category,)  # no scenes without an object to cut out
        return DataConfig(data=self.data, spec=self.spec, **world)


_OF_CROPS = ("category", "spec", "crop_margin", "ground", "least_side", "crop_shift", "crop_zoom", "crop_turn")
"""Fields that change nothing without crops."""
