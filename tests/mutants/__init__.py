"""Planted faults: are wrong versions of the code noticed by the tests of the module they stand in?

`faults/ROOM.toml` holds the faults as data, `nox -s mutants` plants each in a copy of `src` and runs the tests of its
module. Nothing here is needed to run the tests.
"""
