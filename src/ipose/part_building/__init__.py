"""Part pairs from published sources, written as a part tree with sheets to look at."""
