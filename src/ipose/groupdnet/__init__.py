"""GroupDNet (Zhu et al., CVPR 2020): an image from a label map and one code a class, and how that is learned.

class_images   what the encoder sees of each class        encoder        a photograph's codes
label_tensor   what the decoder sees of the label map     decoder        label map and codes in, image out
cg_block       CG-Norm and CG-Block                       discriminator  multi-scale, with features to match
modulation     how norms split into groups                codes          the code of one class among the others
presets        every number on one page, baselines too    init           how weights begin
"""
