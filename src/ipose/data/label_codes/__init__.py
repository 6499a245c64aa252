"""Label maps in other words: colours, ids, class ids; the ids of one data set, or of another.

codes      what the pixels of a label map stand for: a spec, in one of three forms
meanings   which class of one spec is which class of another (common_classes.toml)
maps       a label map as class ids, from a file and into one
convert    class ids of one code as those of another, with an account of what is lost
"""
