"""Own data, from what annotation tools write, to a scene folder: `ipose data import`.

`source` says what a source gives; `coco`, `panoptic`, `labelme` and `masks` read the tools' files; `recognise` tells
them apart; `paint` makes maps; `write` divides the scenes into train and val, and puts everything in its place.
"""
