"""Own data, from what annotation tools write, to a scene folder: `ipose data import`.

`source` says what a source gives; `coco`, `labelme` and `masks` read the tools' files; `recognise` tells them apart;
`write` makes maps, divides the scenes into train and val, and puts everything in its place.
"""
