"""GANSeg (CVPR 2022): parts of photographs without labels, found by generating images in three levels.

points            level 1: from noise to points and embeddings
heatmaps          centres, scales and heatmaps of parts; pixel grids with their margin
blocks            start tensors, SPADE and AdaIN blocks, initial weights
generator         from points to masks and images
ablated           the generator without points, or without a background of its own
discriminator     a score for each image
part_losses       concentration and area of the masks, weighted
objective         the losses of one step
autoencoder       the generator trained as an auto-encoder
noise             noise of a batch, or of a numbered image
collapse          whether the parts are in use
moves             moving a part
presets           every setting on one page
published         what the paper and the release say about each setting
pretrained        saving and loading a generator
saved_segmenter   saving and loading a part segmenter
"""
