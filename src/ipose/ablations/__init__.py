"""`ipose ablate`: the paper's ablation tables, each a named grid of trainings.

grids   what is trained in each table, and what the paper reports     job      what is asked for
ablate  the grid, run by run                                          kept_runs  what a run folder can be used for
partnet_rows, synthesis_rows  a row: its training, its scores         score_files  scores kept beside a run
outcome, arithmetic  what came out, spread, what may be claimed       tables_as_text, page  for people
"""
