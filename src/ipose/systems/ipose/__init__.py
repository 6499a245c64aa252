"""iPOSE: generator and discriminator beside a frozen PartNet (CVPR 2023)."""
