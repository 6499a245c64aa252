"""Published part annotations brought to part pairs of 64 x 64: the sources of `ipose data build-parts`.

recognise          which kind of source a folder is, and opening it
source             what every source looks like to a build
panoptic_parts     Cityscapes-PPS and Pascal-VOC-PPS: TIFFs of panoptic part ids
  merge_table, tables/ which of their parts makes which of ours
partimagenet       COCO-style JSON, one annotation a part
  coco_json            its categories' names; polygons and run lengths to masks
release_tree       the authors' tree of numbered categories, and its supports
part_tree          any tree of part maps, and scene folders with part maps
build              a source to a part tree
  build_items          its items, in several processes, and the journal of those that are done
"""
