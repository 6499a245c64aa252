"""`ipose ablate`: ablation tables, each a named grid of trainings. Tables and rows come from the systems' records.

table        a grid, its rows and columns                 outcome   what came out, and what may be claimed
rows         what is asked for, and asked of a system     page      the table that a person reads, and report.html
run_folders  what a run folder can be used for; scores    ablate    the grid, run by run
"""
