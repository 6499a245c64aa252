"""PartNet without a generator (iPOSE sec. 3.1): training, report, and parts of silhouettes."""
