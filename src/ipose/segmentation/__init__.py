"""A small semantic segmenter of our own, to judge generated images by (mIoU, pixel accuracy).

config     every setting         network  one of torchvision's, its answer at the image's size
objective  what it learns from   saved    TorchScript file, class map and weights
"""
