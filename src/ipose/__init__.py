"""ipose: semantic image synthesis that infers object parts from object shapes (iPOSE, CVPR 2023)."""

__version__ = "0.1.0"
