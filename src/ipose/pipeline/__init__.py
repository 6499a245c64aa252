"""Scene in, image out: `IPose`, the model that a user loads.

ipose     the model                    output    its answer, and where PartNet looked for the parts of an object
hub       save and load it by name     stream    scenes in batches
"""

from ipose.pipeline.hub import generator_weights
from ipose.pipeline.ipose import IPose
from ipose.pipeline.output import SceneOutput

__all__ = ["IPose", "SceneOutput", "generator_weights"]
