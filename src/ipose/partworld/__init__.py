"""PartWorld: the embedded data set. Procedurally drawn scenes with true part maps; no files, no network.

config       which scenes: a value without torch       categories   the spec, and the drawing of every category
scene        objects placed into a scene               scenery      sky, grass, road, wall and water
quadrupeds, people_and_birds, aircraft, vehicles, two_wheelers, things: the drawings
             (quadruped_builds: what tells the animals apart; vehicle_parts: what the vehicles share)
sketch       an object before it is placed             outlines     the shapes that it is made of
paints       how a stroke looks                        canvas       painting into image and maps
dice         the only source of randomness
"""
