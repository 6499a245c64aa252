"""GroupDNet (Zhu et al., CVPR 2020): an image from a label map and one code for each class, and its training.

encoder         a photograph to codes
decoder         label map and codes to an image
label_tensor    what the networks see of the label map, and the image of each class
cg_block        CG-Norm and CG-Block
modulation      how norms are split into groups
discriminator   multi-scale, with features to match
codes           distributions of codes, and the code of one class
objective       the losses of one step
model           encoder and decoder for use
init            initial weights
presets         every setting on one page, with the baselines
baselines       the baselines of any config
published       what the paper and the release say about each setting
"""
