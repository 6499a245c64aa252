"""The published data sets, read as they were published: folder layouts, id conventions, the release's numbers.

layouts             which layout a folder has, and the scenes of its splits, whatever the layout
cityscapes, ade20k  which files belong to one scene
partners            files of one scene that lie in several folders
maps                what the published label and instance maps hold, checked
release_categories  the numbers of the part categories in the authors' release

COCO-Stuff, as SPADE, OASIS and iPOSE keep it, is a scene folder (`ipose.data.scene_files`) with the spec coco-stuff.
"""
