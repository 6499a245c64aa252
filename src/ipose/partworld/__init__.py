"""PartWorld: the embedded data set. Procedurally drawn scenes with true part maps; no files, no network.

config       which scenes: a value without torch       categories   the spec, and the drawing of every category
scene        objects placed into a scene               scenery      sky, grass, road, wall and water
quadrupeds, people_and_birds, vehicles, bikes_and_planes, things: the drawings
sketch       an object before it is placed: its strokes and their look
outlines     the shapes that it is made of             canvas       painting into image and maps
dice         the only source of randomness
"""
