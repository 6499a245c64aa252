"""iPOSE: generator and discriminator with a frozen PartNet (CVPR 2023)."""
