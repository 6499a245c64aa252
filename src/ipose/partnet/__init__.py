"""PartNet (iPOSE sec. 3.1): an object's parts from its shape and a few annotated supports of its category.

partnet                 the network and its support memory
encoders                shapes and masks as tokens
scene_parts             the parts of whole scenes
objective               losses and batches
presets                 every setting on one page
pretrained              saving and loading
attention               which support pixels a query pixel read
parts_without_partnet   true parts, position descriptors or no parts, in place of predicted parts
"""
