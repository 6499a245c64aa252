"""Pictures that the package itself makes while the site is built, on drawn scenes and small random networks."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
"""Okabe and Ito's: told apart with any colour vision."""


@dataclass(frozen=True)
class Figure:
    """A picture: its file, what it shows in words, and what to see in it."""

    path: Path
    alt: str
    caption: str


def draw_figures(folder: Path) -> Mapping[str, Figure]:
    """Draw all of them; by "room/module"."""
    import matplotlib

    matplotlib.use("Agg")
    import torch
    from matplotlib import pyplot

    folder.mkdir(parents=True, exist_ok=True)
    found = {}
    for module, draw in DRAWINGS.items():
        torch.manual_seed(0)
        with torch.no_grad(), pyplot.rc_context({"font.size": 9, "svg.hashsalt": module}):
            figure, alt, caption = draw()
        path = folder / f"{module.replace('/', '-')}.png"
        figure.savefig(path, dpi=130, bbox_inches="tight", metadata={"Software": None})
        pyplot.close(figure)
        found[module] = Figure(path, alt, caption)
    return found


Drawn = tuple[Any, str, str]
"""Figure of matplotlib, alternative text, caption."""


def _panels(count: int, side: float = 1.9) -> tuple[Any, list[Any]]:
    """So many square panels without ticks, in rows of two or three, so that a phone can show their titles."""
    from matplotlib import pyplot

    columns = 2 if count in (2, 4) else 3
    size = (columns * side, math.ceil(count / columns) * (side + 0.25))
    figure, axes = pyplot.subplots(math.ceil(count / columns), columns, figsize=size, layout="constrained")
    panels = list(axes.flat)
    for panel in panels:
        panel.set_xticks([])
        panel.set_yticks([])
    return figure, panels


def _pairs(category: str, scenes: int, seed: int = 0) -> list[Any]:
    """Part pairs of objects that hide behind nothing: one object a scene."""
    from ipose.data.part_pairs import pairs_from_scenes
    from ipose.partworld.config import PartWorldConfig
    from ipose.partworld.scene import PartWorld

    world = PartWorld(PartWorldConfig(seed=seed, count=scenes, size=(96, 96), categories=(category,), objects=(1, 1)))
    return pairs_from_scenes(list(world), world.spec)


def _scene(index: int, categories: tuple[str, ...] = ("dog", "car", "human"), objects: int = 3) -> Any:
    from ipose.partworld.config import PartWorldConfig
    from ipose.partworld.scene import partworld_scene

    config = PartWorldConfig(seed=4, size=(128, 128), categories=categories, objects=(objects, objects))
    return partworld_scene(config, index)


def _part_colors() -> Any:
    from matplotlib.colors import ListedColormap

    from ipose.data.palette import PART_COLORS

    return {"cmap": ListedColormap([[value / 255 for value in color] for color in PART_COLORS]), "vmin": 0, "vmax": 8}


def _two_shapes() -> Drawn:
    from ipose.shapes.geometric_score import geometric_score

    a, b, c = (pair.shape.float() for pair in _pairs("dog", 3))
    figure, panels = _panels(4)
    near, far = float(geometric_score(a, b)), float(geometric_score(a, c))
    for panel, shape, title in ((panels[0], a, "shape a"), (panels[1], b, "shape b")):
        panel.imshow(1 - shape, cmap="gray")
        panel.set_title(title)
    for panel, other, name, score in ((panels[2], b, "b", near), (panels[3], c, "c", far)):
        panel.imshow((a != other).float() + 0.25 * (a * other), cmap="magma_r", vmin=0, vmax=1.3)
        panel.set_title(f"a and {name}: score {score:.2f}")
    return (
        figure,
        f"Two silhouettes of dogs, and the pixels in which two pairs differ; the scores are {near:.2f} and {far:.2f}.",
        "Three silhouettes of PartWorld's dogs. Dark: the pixels in which two shapes differ; their number over the "
        "larger area is the score. Pale: the pixels that both have.",
    )


def _chosen_supports() -> Drawn:
    import torch

    from ipose.shapes.supports import choose_supports, k_means

    pairs = _pairs("horse", 40)
    shapes = torch.stack([pair.shape for pair in pairs])
    chosen = choose_supports(shapes, 3, generator=torch.Generator().manual_seed(0))
    cluster, _ = k_means(shapes, chosen[None])
    figure, panels = _panels(6)
    sizes = []
    for number in range(3):
        own = shapes[cluster[0] == number]
        sizes.append(len(own))
        panels[number].imshow(pairs[int(chosen[number])].part_map, **_part_colors())
        panels[number].set_title(f"support {number + 1}")
        panels[3 + number].imshow(1 - own.float().mean(0), cmap="gray", vmin=0, vmax=1)
        panels[3 + number].set_title(f"mean of {len(own)}")
    return (
        figure,
        f"Three supports of the category horse, each above the mean shape of its cluster of {sizes} objects.",
        "The three supports that are chosen out of 40 horses of PartWorld, with their part maps, and the mean shape of "
        "the objects that each support stands for (one more round of k-means from these three).",
    )


def _crop() -> Drawn:
    import torch

    from ipose.shapes.crop_geometry import geometry_of_objects
    from ipose.shapes.object_crops import crop_object_shapes

    scene = _scene(1)
    items = scene.objects[:3]
    geometry = geometry_of_objects(items, scene.size)
    shapes = crop_object_shapes(
        scene.label[None],
        scene.instance[None],
        torch.tensor([item.class_id for item in items]),
        torch.tensor([item.instance_id for item in items]),
        torch.zeros(len(items), dtype=torch.int64),
        geometry,
    )
    figure, panels = _panels(1 + len(items))
    panels[0].imshow(scene.image.permute(1, 2, 0))
    panels[0].set_title("scene, 128x128")
    from matplotlib.patches import Rectangle

    for number, item in enumerate(items):
        box = item.box
        corner, wide, tall = (box.min_col, box.min_row), box.max_col - box.min_col, box.max_row - box.min_row
        panels[0].add_patch(Rectangle(corner, wide, tall, fill=False, color=COLORS[number], linewidth=2))
        panels[1 + number].imshow(1 - shapes[number, 0], cmap="gray")
        panels[1 + number].set_title(f"{item.part_category}, 64x64", color=COLORS[number])
    return (
        figure,
        "A drawn scene with the boxes of its objects, and the silhouette of each in its own square frame.",
        "Objects of a PartWorld scene, and their silhouettes in the 64x64 object frame: all that PartNet sees of them. "
        "Where one object hides another, its silhouette lacks the hidden part.",
    )


def _contour_histogram() -> Drawn:
    import torch

    from ipose.shapes.position_descriptor import PositionBins, outer_contour, position_descriptor

    shape = _pairs("bird", 2)[1].shape
    bins = PositionBins()
    descriptor = position_descriptor(shape.int())
    inside = shape.nonzero().float()
    centre = inside.mean(0)
    row, column = (int(value) for value in inside[(inside - centre).square().sum(1).argmin()])
    figure, panels = _panels(2, 2.5)
    panels[0].imshow(1 - 0.5 * shape.float(), cmap="gray", vmin=0, vmax=1)
    contour = outer_contour(shape).nonzero()
    panels[0].scatter(contour[:, 1], contour[:, 0], s=4, color=COLORS[0])
    panels[0].scatter([column], [row], s=60, marker="x", color=COLORS[1])
    panels[0].set_title("outline, and one pixel")
    panels[1].imshow(descriptor[:, row, column].reshape(bins.radius_bins, bins.angle_bins), cmap="magma_r")
    panels[1].set_xlabel("angle, 12 sectors")
    panels[1].set_ylabel("ring, outermost first")
    panels[1].set_title("its 72 channels")
    torch.testing.assert_close(descriptor[:, row, column].sum(), torch.tensor(1.0))
    return (
        figure,
        "A bird's silhouette with its outline and one marked pixel, and that pixel's histogram of rings and angles.",
        "The position descriptor of one pixel (cross): how the outline's pixels (blue) are spread over 6 rings and 12 "
        "sectors around it. Dark = many. The numbers of a pixel sum to 1.",
    )


def _attention() -> Drawn:
    import torch
    from torch import nn

    from ipose.partnet.attention import support_attention
    from ipose.partnet.partnet import PartNet
    from ipose.partnet.presets import preset

    pairs = _pairs("horse", 4)
    network = PartNet(preset("toy", attention_blocks=1)).eval()
    block: Any = network.blocks[0]
    for layer in (block.query_conv, block.key_conv, block.query, block.key):
        nn.init.eye_(layer.weight)
        nn.init.zeros_(layer.bias)
    supports = torch.stack([pair.part_map for pair in pairs[1:4]])
    shape = pairs[0].shape
    (attention,) = support_attention(network, shape.float()[None, None], supports[None])
    rows, columns = shape.nonzero(as_tuple=True)
    at = int((rows * 1.0).argmax())  # the lowest pixel: a foot
    row, column = int(rows[at]) - 2, int(columns[at])
    read = attention.read_by(row, column, channel=0)
    figure, panels = _panels(4)
    panels[0].imshow(1 - shape.float(), cmap="gray")
    panels[0].scatter([column], [row], s=60, marker="x", color=COLORS[1])
    panels[0].set_title("query pixel")
    for number in range(3):
        panels[1 + number].imshow(supports[number], **_part_colors())
        panels[1 + number].imshow(read[number], cmap="magma", alpha=0.6, vmin=0, vmax=float(read.max()))
        panels[1 + number].set_title(f"read in support {number + 1}")
    return (
        figure,
        "A horse's silhouette with one marked pixel near a foot, and where that pixel reads in three supports.",
        "Where one query pixel (cross) reads in three supports; bright = much. The network is small, random and "
        "untrained; its query and key projections are set to the identity, so that it reads where shapes look alike. A "
        "trained network learns these projections. The report page of a run shows the attention of its own PartNet.",
    )


def _part_modulation() -> Drawn:
    import torch
    import torch.nn.functional as F

    from ipose.layers.part_modulation import PartModulation

    scene = _scene(1)
    part = 3 * F.one_hot(scene.part.long(), 9).permute(2, 0, 1)[None].float()
    module = PartModulation(4, part_channels=9, noise_channels=4, hidden=16)
    mask = (scene.part > 0).float()[None, None]
    noise = F.interpolate(torch.randn(1, 4, 16, 16) / 3, size=(128, 128), mode="nearest")
    gamma = mask * module.part_gamma_beta(part)[0] + (1 - mask) * module.noise_gamma_beta(noise)[0]
    figure, panels = _panels(3)
    panels[0].imshow(scene.image.permute(1, 2, 0))
    panels[0].set_title("scene")
    panels[1].imshow(scene.part, **_part_colors())
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


def _label_mix() -> Drawn:
    import torch

    from ipose.losses.label_mix import label_mix_mask, mix

    real, other = _scene(1), _scene(2)
    classes = int(real.label.max()) + 1
    mask = label_mix_mask(real.label[None], classes, torch.Generator().manual_seed(5))
    real_image, fake_image = (
        real.image[None] / 255,
        (other.image[None] / 255).mean(1, keepdim=True).expand(-1, 3, -1, -1),
    )
    figure, panels = _panels(4)
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


def _matching() -> Drawn:
    import torch

    from ipose.losses.relaxed_emd import relaxed_emd

    def unit(degrees: list[float]) -> Any:
        return torch.tensor([[math.cos(math.radians(d)), math.sin(math.radians(d))] for d in degrees])

    a, b = unit([20, 40, 75, 150]), unit([30, 85, 230])
    cost = 1 - a @ b.T
    figure, panels = _panels(2, 2.6)
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


def _cg_norm() -> Drawn:
    import torch

    from ipose.groupdnet.cg_block import CGNorm
    from ipose.groupdnet.modulation import Modulation

    classes, channels = 8, 16
    figure, panels = _panels(3)
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


def _heatmaps() -> Drawn:
    import torch

    from ipose.ganseg.heatmaps import part_centres, part_heatmaps, part_scales, pixel_grid

    generator = torch.Generator().manual_seed(3)
    middles = torch.tensor([[-0.5, -0.3], [0.1, 0.4], [0.6, -0.4]])
    points = (middles[:, None] + 0.22 * torch.randn(3, 4, 2, generator=generator)).reshape(1, 12, 2)
    grid = pixel_grid(96)
    figure, panels = _panels(2, 2.5)
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


def _confusion() -> Drawn:
    from ipose.evaluation.part_metrics import part_confusion

    true, guess = (pair.part_map for pair in _pairs("dog", 2))
    counts = part_confusion(guess[None], true[None])
    figure, panels = _panels(3, 2.1)
    for panel, shown, title in ((panels[0], true, "true parts"), (panels[1], guess, "another dog's, as answer")):
        panel.imshow(shown, **_part_colors())
        panel.set_title(title)
    used = int(max(true.max(), guess.max())) + 1
    panels[2].imshow(counts[:used, :used].float().sqrt(), cmap="Blues")
    for row in range(used):
        for column in range(used):
            color = "white" if row == column == 0 else "black"
            panels[2].text(column, row, int(counts[row, column]), ha="center", va="center", fontsize=7, color=color)
    right = float(counts.diagonal().sum() / counts.sum())
    panels[2].set(xlabel="answered part", ylabel="true part", title=f"AC = {100 * right:.1f} %")
    return (
        figure,
        f"Part maps of two dogs, and their pixels counted by true and answered part; AC is {100 * right:.1f} percent.",
        "How AC is counted: every pixel of the 64x64 frame goes into a table by its true part (down) and the "
        "answered one (across), 0 = no part. AC is the share on the diagonal. The answer here is another dog's map.",
    )


DRAWINGS: dict[str, Callable[[], Drawn]] = {
    "shapes/geometric_score": _two_shapes,
    "shapes/supports": _chosen_supports,
    "shapes/object_crops": _crop,
    "shapes/position_descriptor": _contour_histogram,
    "partnet/attention": _attention,
    "layers/part_modulation": _part_modulation,
    "losses/label_mix": _label_mix,
    "losses/relaxed_emd": _matching,
    "groupdnet/cg_block": _cg_norm,
    "ganseg/heatmaps": _heatmaps,
    "evaluation/part_metrics": _confusion,
}
"""By the module whose page shows it."""
