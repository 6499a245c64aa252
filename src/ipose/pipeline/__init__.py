"""Scene in, image out: `IPose`, the model that a user loads.

ipose    IPose and its answer         drafts    what an edit changes before parts are inferred
saved    its model folder             hub       models of the Hugging Face hub
"""

from ipose.pipeline.ipose import IPose, SceneOutput
from ipose.pipeline.saved import generator_weights

__all__ = ["IPose", "SceneOutput", "generator_weights"]
