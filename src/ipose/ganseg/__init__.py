"""GANSeg (CVPR 2022): parts without labels, from photographs alone, by generating them in levels.

points         level 1: noise to points and embeddings   heatmaps       from points to places
grids          pixels as coordinates, and the margin     blocks         start tensors, SPADE and AdaIN blocks
generator      points -> masks -> image                  discriminator  a score an image
objective      the losses of one step                    start          how weights begin
noise          drawn for a batch, or by number           photographs    real images for the loop
collapse       whether the parts are alive               moves          a part, elsewhere
pretrained     a model folder                            segmenter      stage 2: parts of real photographs
presets        every number on one page
"""
