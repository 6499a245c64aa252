"""GroupDNet: a code a class (SMIS, CVPR 2020)."""
