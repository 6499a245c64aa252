"""Pictures of layers and losses: part modulation, LabelMix, the earth mover's distance, CG-Norm, heatmaps."""

import math
from typing import Any

from ipose_site.canvas import COLORS, Drawn, panels_of, part_colors, scene_of


def part_modulation() -> Drawn:
    """PSM's scale gamma beside the parts of a scene."""
    import torch
    import torch.nn.functional as F

    from ipose.layers.part_modulation import PartModulation

    scene = scene_of(1)
    part = 3 * F.one_hot(scene.part.long(), 9).permute(2, 0, 1)[None].float()
    module = PartModulation(4, part_channels=9, noise_channels=4, hidden=16)
    mask = (scene.part > 0).float()[None, None]
    noise = F.interpolate(torch.randn(1, 4, 16, 16) / 3, size=(128, 128), mode="nearest")
    gamma = mask * module.part_gamma_beta(part)[0] + (1 - mask) * module.noise_gamma_beta(noise)[0]
    figure, panels = panels_of(3)
    panels[0].imshow(scene.image.permute(1, 2, 0))
    panels[0].set_title("scene")
    panels[1].imshow(scene.part, **part_colors())
    panels[1].set_title("parts")
    shown = panels[2].imshow(gamma[0, 0], cmap="RdBu_r", vmin=-0.5, vmax=0.5)
    figure.colorbar(shown, ax=panels[2], shrink=0.8)
    panels[2].set_title("gamma, one channel")
    return (
        figure,
        "A drawn scene, its part map, and the scale gamma: even over each part, and blocks of noise elsewhere.",
        "The scale gamma of a random, untrained part modulation. On objects it follows the parts, elsewhere the "
        "structure noise. All features of a pixel share it: a part says where features are strong, not which.",
    )


def label_mix() -> Drawn:
    """A scene, LabelMix's mask of it, and the mixture."""
    import torch

    from ipose.losses.label_mix import label_mix_mask, mix

    real, other = scene_of(1), scene_of(2)
    classes = int(real.label.max()) + 1
    mask = label_mix_mask(real.label[None], classes, torch.Generator().manual_seed(5))
    real_image, fake_image = (
        real.image[None] / 255,
        (other.image[None] / 255).mean(1, keepdim=True).expand(-1, 3, -1, -1),
    )
    figure, panels = panels_of(4)
    panels[0].imshow(real_image[0].permute(1, 2, 0))
    panels[0].set_title("real")
    panels[1].imshow(fake_image[0].permute(1, 2, 0))
    panels[1].set_title("stands for the fake")
    panels[2].imshow(mask[0, 0], cmap="gray", vmin=0, vmax=1)
    panels[2].set_title("mask, a coin a class")
    panels[3].imshow(mix(mask, real_image, fake_image)[0].permute(1, 2, 0))
    panels[3].set_title("mixed")
    return (
        figure,
        "A scene, a grey scene that stands for the fake, LabelMix's mask, and the mixture of the two by the mask.",
        "LabelMix on a scene of PartWorld. Each class of the label map draws one coin: white takes its pixels from the "
        "real image, black from the fake. A grey picture of another scene stands for the fake here.",
    )


def matching() -> Drawn:
    """Two sets of directions, matched both ways."""
    import torch

    from ipose.losses.relaxed_emd import relaxed_emd

    def unit(degrees: list[float]) -> Any:
        return torch.tensor([[math.cos(math.radians(d)), math.sin(math.radians(d))] for d in degrees])

    a, b = unit([20, 40, 75, 150]), unit([30, 85, 230])
    cost = 1 - a @ b.T
    figure, panels = panels_of(2, 2.6)
    for panel, of, to, names, costs in (
        (panels[0], a, b, "each of a to its nearest of b", cost),
        (panels[1], b, a, "each of b to its nearest of a", cost.T),
    ):
        panel.set_aspect("equal")
        panel.set(xlim=(-1.25, 1.25), ylim=(-1.25, 1.25))
        panel.scatter(*a.T, color=COLORS[0], s=50, label="tokens of a", zorder=3)
        panel.scatter(*b.T, color=COLORS[1], s=50, marker="s", label="tokens of b", zorder=3)
        for start, nearest in zip(of, costs.argmin(1), strict=True):
            panel.annotate("", to[nearest], start, arrowprops={"arrowstyle": "->", "color": "#777"})
        panel.set_title(f"{names}\nmean cost {float(costs.amin(1).mean()):.3f}")
    panels[0].legend(loc="lower right", fontsize=8)
    total = float(relaxed_emd(a[None], b[None]))
    return (
        figure,
        f"Four and three directions on a circle, matched both ways; the larger mean, {total:.3f}, counts.",
        "The relaxed earth mover's distance of two small sets of directions. Cost = 1 - cosine. Each token goes to its "
        f"nearest on the other side, both ways; the larger of the two mean costs counts, here {total:.3f}.",
    )


def cg_norm() -> Drawn:
    """Which channels of CG-Norm read which class."""
    import torch

    from ipose.groupdnet.cg_block import CGNorm
    from ipose.groupdnet.modulation import Modulation

    classes, channels = 8, 16
    figure, panels = panels_of(3)
    label = torch.rand(1, classes, 4, 4)
    x = torch.randn(2, channels, 4, 4)[:1]
    for panel, groups in zip(panels, (8, 4, 2), strict=True):
        norm = CGNorm(channels, Modulation(classes, hidden=16), groups).eval()
        before, changes = norm(x, label), []
        for number in range(classes):
            moved = label.clone()
            moved[:, number] += 1
            changes.append((norm(x, moved) - before).abs().amax((0, 2, 3)) > 0)
        panel.imshow(torch.stack(changes), cmap="Blues", vmin=0, vmax=1.4, aspect="auto")
        panel.set_title(f"{groups} groups")
        panel.set_xlabel("feature channel")
    panels[0].set_ylabel("class of the label map")
    return (
        figure,
        "Three tables of classes by feature channels: with 8, 4 and 2 groups each class moves its own channels.",
        "Which feature channels (across) change when the map of one class (down) changes, in a random CG-Norm of 8 "
        "classes. With 8 groups each class has channels of its own; as groups merge, neighbouring classes share them.",
    )


def heatmaps() -> Drawn:
    """Cones and Gaussians around the same points."""
    import torch

    from ipose.ganseg.heatmaps import part_centres, part_heatmaps, part_scales, pixel_grid

    generator = torch.Generator().manual_seed(3)
    middles = torch.tensor([[-0.5, -0.3], [0.1, 0.4], [0.6, -0.4]])
    points = (middles[:, None] + 0.22 * torch.randn(3, 4, 2, generator=generator)).reshape(1, 12, 2)
    grid = pixel_grid(96)
    figure, panels = panels_of(2, 2.5)
    for panel, mode, name in (
        (panels[0], "cone", "cone (the published runs)"),
        (panels[1], "gauss-paper", "Gaussian (the paper)"),
    ):
        maps = part_heatmaps(part_centres(points, 3), part_scales(points, 3, mode), grid, mode)[0]
        panel.imshow(maps.amax(0), cmap="magma_r", vmin=0, vmax=1.2, extent=(-1, 1, 1, -1))
        for part in range(3):
            own = points[0, 4 * part : 4 * part + 4]
            panel.scatter(own[:, 1], own[:, 0], s=14, color=COLORS[part], zorder=3)
            panel.scatter(*own.mean(0).flip(0), s=50, marker="x", color=COLORS[part], zorder=3)
        panel.set(xlim=(-1, 1), ylim=(1, -1), title=name)
    return (
        figure,
        "Heatmaps of three parts, each from four points: cones on the left, Gaussians on the right.",
        "Three parts of four points each (dots), drawn around three places. A part's centre is the mean of its "
        "points (cross); its heatmap is 1 there and falls with the distance, the faster the closer its points lie.",
    )
