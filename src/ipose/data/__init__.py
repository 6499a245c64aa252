"""All reading and writing of scenes, part pairs, supports and specs, guarded at the door; and PartWorld.

Nothing is imported until it is asked for.
"""
