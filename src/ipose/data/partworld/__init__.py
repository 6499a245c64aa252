"""PartWorld: the embedded data set. Procedurally drawn scenes with true part maps; no files, no network."""

from ipose.data.partworld.config import PartWorldConfig
from ipose.data.partworld.names import NOVEL, PART_NAMES
from ipose.data.partworld.scene import PartWorld, partworld_scene
from ipose.data.partworld.spec import PARTWORLD

__all__ = ["NOVEL", "PARTWORLD", "PART_NAMES", "PartWorld", "PartWorldConfig", "partworld_scene"]
