"""Formats of others. `release` converts the authors' networks, `weight_files` reads and writes weight files."""
