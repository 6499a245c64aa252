"""Judging: metrics, protocols, and the cards that say what a number depends on.

part_metrics        AC, object-pixel accuracy, part mIoU     baselines          copy, majority, position
part_evaluation     a part predictor beside the baselines    part_matching      found parts beside labelled ones
support_comparison  several sets of supports                 landmarks          from part centres; foreground IoU
feature_distances   Frechet and kernel distance              feature_networks   the features, by name and hash
diversity, lpips    between seeds                            class_diversity    mCSD, mOCD
semantic_metrics    mIoU and pixel accuracy                  segmenters         anybody's; their class maps
control             change inside and outside of an edit     robustness         noisy label maps
reconstruction      photographs from their own codes         image_sets         images of folders or data, by name
protocols           what is compared, at what size           part_cards, image_cards: cards of parts and of images
image_pairs         both images, as a network sees them      judges             who judges, and all its options
eval_card           a number with all it depends on          card_folder        the cards of a run
evaluate_images     cards of two folders of images
"""
