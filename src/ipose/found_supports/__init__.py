"""Supports of categories without annotation, made by a part segmenter, and their comparison with drawn supports."""
