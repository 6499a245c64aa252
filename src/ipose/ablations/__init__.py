"""`ipose ablate`: ablation tables, each a named grid of trainings. Tables and rows come from the systems' records.

table        a grid, its rows and columns                 outcome, verdict   what came out, and what may be claimed
rows         what is asked for, and asked of a system     tables_as_text     the table that a person reads
run_folders  what a run folder can be used for; scores    page               report.html
ablate       the grid, run by run
"""
