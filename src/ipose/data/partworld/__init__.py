"""PartWorld: the embedded data set. Procedurally drawn scenes with true part maps; no files, no network.

The configuration and the names load without torch; what draws is loaded when first asked for.
"""

from typing import TYPE_CHECKING, Any

from ipose.data.partworld.config import PartWorldConfig
from ipose.data.partworld.names import NOVEL, PART_NAMES

if TYPE_CHECKING:
    from ipose.data.partworld.scene import PartWorld, partworld_scene
    from ipose.data.partworld.spec import PARTWORLD

__all__ = ["NOVEL", "PARTWORLD", "PART_NAMES", "PartWorld", "PartWorldConfig", "partworld_scene"]


def __getattr__(name: str) -> Any:
    """PEP 562: scenes and the spec need torch, so they come late."""
    if name == "PARTWORLD":
        from ipose.data.partworld.spec import PARTWORLD

        return PARTWORLD
    if name in ("PartWorld", "partworld_scene"):
        from ipose.data.partworld import scene

        return getattr(scene, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
