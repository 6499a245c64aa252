"""Synthesis (iPOSE secs. 3.2, 3.3): an image from a label map, parts and noise, and how that is learned.

generator      label map, parts and noise in, image out        discriminator  the class of every pixel, or "fake"
part_branch    parts and structure noise on their way in       objective      the losses of one step
presets        every number on one page                        style_crops    what the style loss looks at
scene_noise    the noise of a scene, from its name             scene_source   batches of scenes
"""
