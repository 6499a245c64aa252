"""Others' formats, to and from: `release` is the authors' networks, `weight_files` reads and writes their files."""
