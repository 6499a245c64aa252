"""A small generator that knows where each pixel lies in its object's outline: an example of a system of one's own.

record     what `ipose` must know of it       objective  what its networks learn from
config     its settings                       training   from data to a training that is ready
network    the generator                      model      for use: scene in, image out; saved and loaded
page       its part of the report
"""
