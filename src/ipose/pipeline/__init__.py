"""Scene in, image out: `IPose`, the model that a user loads.

ipose     the model                    drafts       what an edit changes before parts are inferred
output    its answer                   attention    where PartNet looked for the parts of an object
hub       save and load it by name     saved        its model folder
"""

from ipose.pipeline.ipose import IPose
from ipose.pipeline.output import SceneOutput
from ipose.pipeline.saved import generator_weights

__all__ = ["IPose", "SceneOutput", "generator_weights"]
