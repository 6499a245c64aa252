"""Which photographs: a folder, or drawn scenes of PartWorld. No torch in here: `--help` reads it."""

from dataclasses import dataclass

from ipose.data.data_config import PARTWORLD, DataConfig, WorldFlags
from ipose.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class PhotoConfig(WorldFlags):
    """What to learn parts from: photographs of one kind of object, without annotation."""

    data: str = PARTWORLD
    """A folder of photographs, a scene folder (its photographs are taken), Flowers-102, CUB-200-2011, Taichi or
    CelebA in the wild as downloaded, or "partworld" (drawn on the spot)."""
    objects: tuple[int, int] = (1, 1)
    """PartWorld: fewest and most objects a scene."""
    object_scale: tuple[float, float] = (0.6, 0.9)
    """PartWorld: smallest and largest object side over the image's side."""

    def __post_init__(self) -> None:
        if min(self.scenes, self.val_scenes) < 1:
            raise ConfigError(
                "no scenes", field="scenes", found=min(self.scenes, self.val_scenes), expected="1 or more"
            )

    @property
    def is_partworld(self) -> bool:
        """Whether scenes are drawn on the spot."""
        return self.data == PARTWORLD

    def scenes_config(self) -> DataConfig:
        """The same scenes, as the other systems name them."""
        world = {name: getattr(self, name) for name in WorldFlags.__dataclass_fields__}
        return DataConfig(data=self.data, **world)
