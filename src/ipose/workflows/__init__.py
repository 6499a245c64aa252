"""What a command does, from files to files, callable from Python: data, network, loop and report put together.

train_partnet, train_synthesis   a run each         demo       both, on PartWorld, with a report
parts, generate                  a model on maps    evaluate   a run's numbers    reports   its page
build_parts, part_sheets         part data from its published sources, and how they look
evaluate_images                  two folders of images (image_pairs, seed_diversity), to eval cards
compare_cards                    these beside each other
ablations                        the paper's tables, row by row
"""
