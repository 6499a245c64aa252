"""What everything means: each network and each equation in its plainest form, slow and obviously right. For tests.

Read it beside the paper, and hold your own version against it: same inputs, same numbers. It judges ours in all tests.

    >>> from ipose.reference.geometric_score import geometric_score
    >>> import torch
    >>> geometric_score(torch.eye(2), torch.ones(2, 2))
    0.5

Begin with `relaxed_emd` or `geometric_score` (an equation each), then `part_modulation`, then `generator`.
Nothing here imports another part of ipose. A network is a function of its state dict and its inputs; the layers bear
the names that the fast version gives them. An equation is a function of tensors, often in loops over pixels.

whole networks   partnet, generator, discriminator; groupdnet_encoder, groupdnet_decoder, groupdnet_discriminator;
                 ganseg_generator, ganseg_discriminator; segmenter: what is our own around torchvision's networks
written in       operations: norms, spectral norm, SPADE; cross_attention: one block; support_attention: its weights
layers in loops  spade, part_modulation, cg_norm (class images and instance edges too)
shapes           object_crops, geometric_score, supports, position_descriptor
GANSeg's parts   part_heatmaps, part_regions
losses           n_plus_one, class_balance, label_mix, adversarial, relaxed_emd, vgg_feature
"""
