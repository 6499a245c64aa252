"""Which data: PartWorld, a scene folder, or a part tree. No torch in here: `--help` reads it."""

from dataclasses import dataclass

from ipose.errors import ConfigError
from ipose.partworld.config import NOVEL, PART_NAMES, PartWorldConfig

PARTWORLD = "partworld"


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
class PhotoConfig(WorldFlags):
    """What to learn parts from: photographs of one kind of object, without annotation."""

    data: str = PARTWORLD
    """A folder of photographs, a scene folder (its photographs are taken), Flowers-102, CUB-200-2011, Taichi or
    CelebA as downloaded, or "partworld" (drawn on the spot)."""
    objects: tuple[int, int] = (1, 1)
    """PartWorld: fewest and most objects a scene."""
    object_scale: tuple[float, float] = (0.6, 0.9)
    """PartWorld: smallest and largest object side over the image's side."""

    @property
    def is_partworld(self) -> bool:
        """Whether scenes are drawn on the spot."""
        return self.data == PARTWORLD

    def scenes_config(self) -> DataConfig:
        """The same scenes, as the other systems name them."""
        world = {name: getattr(self, name) for name in WorldFlags.__dataclass_fields__}
        return DataConfig(data=self.data, **world)
