"""The part losses of GANSeg's generator, weighted: concentration and area of the masks (GANSeg eqs. 16, 17, 19)."""

import torch
from torch import Tensor

from ipose.ganseg.generator import GANSegOutput
from ipose.ganseg.heatmaps import disk_areas, pixel_grid
from ipose.ganseg.presets import GANSegConfig
from ipose.losses.part_regions import area_loss, concentration_loss


class PartLosses:
    """lambda_con concentration + lambda_area area. A term of weight 0 is left out. The background's mask is in neither.

    Without points no part has a least area, so that area is left out.

    Args:
        config: gives weights, reductions and the image's size.
    """

    def __init__(self, config: GANSegConfig) -> None:
        self.config = config
        self.grid = pixel_grid(config.image_size, 0, config.grid)

    def to(self, device: torch.device | str) -> "PartLosses":
        """Move the grid."""
        self.grid = self.grid.to(device)
        return self

    def __call__(self, output: GANSegOutput) -> dict[str, Tensor]:
        """The terms of generated images, by name."""
        config, masks, losses = self.config, output.mask[:, :-1], dict[str, Tensor]()
        if config.lambda_con > 0:
            loss = concentration_loss(masks, output.centres, self.grid.to(masks.device), config.concentration)
            losses["concentration"] = config.lambda_con * loss
        if config.lambda_area > 0 and config.use_points:
            losses["area"] = config.lambda_area * area_loss(masks, self._least_areas(output))
        return losses

    def _least_areas(self, output: GANSegOutput) -> Tensor:
        """A_k in pixels. Its gradient reaches the points."""
        if self.config.area_target == "heatmap":
            return output.heatmaps.sum((2, 3))
        return disk_areas(output.points, self.config.parts, self.config.image_size)
