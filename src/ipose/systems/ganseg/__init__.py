"""GANSeg: parts without labels (CVPR 2022)."""
