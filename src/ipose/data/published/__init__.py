"""The published data sets, read as they were published: folder layouts and id conventions.

layouts    which layout a folder has, and the scenes of its splits: which files belong to one scene
maps       Cityscapes and ADE20K: what their label and instance maps hold, checked

COCO-Stuff, as SPADE, OASIS and iPOSE keep it, is a scene folder (`ipose.data.scene_files`) with the spec coco-stuff.
"""
