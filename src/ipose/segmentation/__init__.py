"""Segmenters: a semantic one that judges generated images (mIoU, pixel accuracy), and GANSeg's part segmenter.

segmenter               a network of torchvision with logits at the image's size
segmenter_config        its settings
objective               its loss
saved                   its model folder: TorchScript file, class map and weights
part_segmenter          from images to parts
part_segmenter_config   its settings
pairs                   pairs of images and masks from a generator, and the loss on them
"""
