"""What a command does, from files to files, callable from Python: data, network, loop and report put together.

train_partnet, train_synthesis   a run each         demo       both, on PartWorld, with a report
parts, generate                  a model on maps    evaluate   a run's cards      reports   its page
build_parts, part_sheets         part data from its published sources, and how they look
evaluate_images                  two folders of images (image_pairs, seed_diversity), to eval cards
image_cards                      the same of any images: of a run (generated_set, run_judgement), of folders
compare_cards                    cards beside each other (card_facts, card_folder)
train_segmenter                  a network that judges by label maps
train_groupdnet, train_ganseg    the other systems; train_part_segmenter on GANSeg's pairs
training_place                   where a training runs, and the step from a job to its run
segment, judge_part_maps         parts of photographs, and how good they are beside true maps
unsupervised_supports            supports from a part segmenter (segmented_objects, of a meant_category, part_naming)
compare_supports                 these beside drawn ones
edited_region, measured_edits    how much of an edit stays where it was meant
convert (_ipose, _groupdnet, _ganseg)   files of three releases, to model folders and back
ablations                        the paper's tables, row by row
"""
