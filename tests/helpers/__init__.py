"""What the tests of this project share: golden files, and data sets written out as their publishers lay them out.

golden_*      read a golden file, compute its outputs, compare all of them, write another set
published_*   small scenes, photographs and part annotations in the layouts of published data sets
tiny_ganseg   a GANSeg that is small in every width
"""
