"""A semantic segmenter that judges images."""
