"""A segmenter of the parts that GANSeg found (GANSeg sec. 3.5)."""
