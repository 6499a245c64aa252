"""Published part annotations brought to part pairs of 64 x 64: the sources of `ipose data build-parts`.

recognise          which kind of source a folder is, and opening it
source             what every source looks like to a builder
panoptic_parts     Cityscapes-PPS and Pascal-VOC-PPS: TIFFs of panoptic part ids
  uids, int32_tiff     their numbers and files      merge_table, tables/   which of their parts makes which of ours
  pooled_split         80 % / 20 %
partimagenet       COCO-style JSON, one annotation a part
  part_vocabulary      its categories' names        segmentations          polygons and run lengths to masks
release_tree       the authors' tree of numbered categories, and its supports
part_tree          any tree of part maps            scenes_with_parts      a scene folder with part maps
  tree_files           the files of a tree
build_items        all of it in several processes
  pair_files           what they write              journal                what is done
"""
