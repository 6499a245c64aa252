"""A semantic segmenter, to judge images by."""
