"""PartWorld: the embedded data set. Procedurally drawn scenes with true part maps; no files, no network.

The configuration and the names load without torch; what draws is loaded when first asked for.
"""

from typing import TYPE_CHECKING

from ipose.data.partworld.config import PartWorldConfig
from ipose.data.partworld.names import NOVEL, PART_NAMES
from ipose.lazy import lazy_attributes

if TYPE_CHECKING:
    from ipose.data.partworld.scene import PartWorld, partworld_scene
    from ipose.data.partworld.spec import PARTWORLD

__all__ = ["NOVEL", "PARTWORLD", "PART_NAMES", "PartWorld", "PartWorldConfig", "partworld_scene"]


__getattr__ = lazy_attributes(__name__, {"spec": ("PARTWORLD",), "scene": ("PartWorld", "partworld_scene")})
