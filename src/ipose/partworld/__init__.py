"""PartWorld: the embedded data set. Procedurally drawn scenes with true part maps; no files, no network."""
