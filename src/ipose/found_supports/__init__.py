"""Supports of categories that nobody annotated: cut by a part segmenter, and compared with drawn ones."""
