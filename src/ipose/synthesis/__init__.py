"""Synthesis (iPOSE secs. 3.2, 3.3): an image from a label map, parts and noise, and its training.

generator       label map, parts and noise to image
part_branch     the layers for parts and structure noise
discriminator   the class of every pixel, or "fake"
objective       the losses of one step
style_crops     the image regions that the style loss compares
scene_noise     the noise of a scene, from seed and name
presets         every setting on one page
published       what the paper and the release say about each setting
pretrained      saving and loading
"""
