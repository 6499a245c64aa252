"""All reading and writing of scenes, photographs, part pairs, supports and specs; and their checks.

open_data          from a `DataConfig` (data_config) to checked scenes and part pairs, whatever they come from
doctor, faults     everything that is wrong with a data set, file by file; photo_doctor: likewise

scene_files        which files belong to one scene; published/: Cityscapes and ADE20K as downloaded
scene_checks       what a scene's maps must fulfil
scene_maps         one scene, from its files to tensors
scene_folder       a split as a sequence of scenes; index_cache keeps its objects, object_index finds them
input_maps         maps that a user hands to a trained model
specs              what the ids of a data set mean; spec_entries reads TOML, label_codes/ converts label maps

part_pairs         what PartNet learns from; part_sources/: published part annotations as part pairs
part_manifest      what the parts of a part tree are called; part_names: the paper's table
support_folder     support sets on disk

photo_folder       photographs without annotation; photo_layouts, celeba, cub, taichi: published sets of them

augment            flips, rotations, crops; batch_sources: scenes and photographs in batches
png, palette       image files, and the colours that maps are saved in
parallel           progress bars, threads, worker processes

Nothing is imported until it is asked for.
"""
