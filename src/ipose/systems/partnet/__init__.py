"""PartNet alone (iPOSE sec. 3.1): its training, its page, parts of silhouettes."""
