"""The losses of all systems, one file for each term.

n_plus_one         (N+1)-class cross-entropy, with weights of the classes of a batch
label_mix          mask and loss of LabelMix
adversarial        adversarial losses on scores, hinge and log
relaxed_emd        relaxed earth mover's distance between token sets
clip_style         this distance on CLIP tokens
clip_weights       loading the CLIP encoder
vgg_feature        perceptual loss on VGG-19 features
vgg_weights        loading VGG-19
diversity          a difference of images from two noises
feature_matching   discriminator features of fake and real images
kl                 divergence of a code from the standard normal
dice               Dice and cross-entropy of segmentation
part_regions       compact and large enough part masks
gradient_penalty   gradient penalties on real images
precision          full precision for sensitive losses
"""

from ipose.losses.adversarial import (
    AdversarialLoss,
    adversarial_loss,
    hinge_d_fake,
    hinge_d_real,
    hinge_g,
    log_d_fake,
    log_d_real,
    log_g,
)
from ipose.losses.clip_style import CLIPStyle, visual_tokens
from ipose.losses.clip_weights import load_clip_style, tiny_clip_style
from ipose.losses.feature_matching import feature_distance, feature_matching_loss
from ipose.losses.kl import kl_divergence
from ipose.losses.label_mix import label_mix_loss, label_mix_mask, mix
from ipose.losses.n_plus_one import NPlusOneLoss, class_weights, n_plus_one_loss
from ipose.losses.relaxed_emd import relaxed_emd
from ipose.losses.vgg_feature import VGGFeatureLoss, vgg_feature_loss, vgg_features
from ipose.losses.vgg_weights import load_vgg_loss, tiny_vgg, tiny_vgg_loss

__all__ = [
    "AdversarialLoss",
    "CLIPStyle",
    "NPlusOneLoss",
    "VGGFeatureLoss",
    "adversarial_loss",
    "class_weights",
    "feature_distance",
    "feature_matching_loss",
    "hinge_d_fake",
    "hinge_d_real",
    "hinge_g",
    "kl_divergence",
    "label_mix_loss",
    "label_mix_mask",
    "load_clip_style",
    "load_vgg_loss",
    "log_d_fake",
    "log_d_real",
    "log_g",
    "mix",
    "n_plus_one_loss",
    "relaxed_emd",
    "tiny_clip_style",
    "tiny_vgg",
    "tiny_vgg_loss",
    "vgg_feature_loss",
    "vgg_features",
    "visual_tokens",
]
