"""GroupDNet: images with one code for each class (SMIS, CVPR 2020)."""
