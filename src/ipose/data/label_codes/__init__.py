"""Label maps in other words: colours, ids, class ids; the ids of one data set, or of another.

codes      what the pixels of a label map stand for, and which class of one spec is which class of another
maps       a label map as class ids, from a file and into one; as those of another code, with an account of what is lost
files      `ipose labels`: a file or a whole folder of label maps
"""
