"""ipose: semantic image synthesis that infers object parts from object shapes (iPOSE, CVPR 2023).

The three lines that most people need::

    from ipose import IPose
    model = IPose.from_pretrained("partworld")
    out = model(scene, seed=7)
"""

from typing import TYPE_CHECKING

from ipose.lazy import lazy_attributes

if TYPE_CHECKING:
    from ipose.errors import IposeError
    from ipose.label_spec import LabelClass, LabelSpec
    from ipose.part_annotations import PartPair, SupportSet
    from ipose.pipeline import IPose, SceneOutput
    from ipose.types import Scene, SceneBatch, SceneObject

__version__ = "0.1.0"

__all__ = [
    "IPose",
    "IposeError",
    "LabelClass",
    "LabelSpec",
    "PartPair",
    "Scene",
    "SceneBatch",
    "SceneObject",
    "SceneOutput",
    "SupportSet",
    "__version__",
]

__getattr__ = lazy_attributes(__name__, __file__)
