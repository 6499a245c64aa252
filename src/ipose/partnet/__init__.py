"""PartNet (iPOSE sec. 3.1): an object's parts from its shape and a few annotated supports of its category.

partnet      the network and its support memory     encoders     shapes and masks as tokens
scene_parts  the parts of whole scenes              objective    its losses and batches
presets      every variant on one page              pretrained   on disk
attention    which support pixels a query pixel read
stand_ins    what can take the place of predicted parts: true ones, position descriptors, nothing
"""
