"""Pictures of shapes and parts: likeness, supports, crops, position descriptors, attention, accuracy."""

from typing import Any

from ipose_site.canvas import COLORS, Drawn, pairs_of, panels_of, part_colors, scene_of


def two_shapes() -> Drawn:
    """Where two pairs of shapes differ, and their scores."""
    from ipose.shapes.geometric_score import geometric_score

    a, b, c = (pair.shape.float() for pair in pairs_of("dog", 3))
    figure, panels = panels_of(4)
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


def chosen_supports() -> Drawn:
    """The supports of a category above the mean shapes that they stand for."""
    import torch

    from ipose.shapes.supports import choose_supports, k_means

    pairs = pairs_of("horse", 40)
    shapes = torch.stack([pair.shape for pair in pairs])
    chosen = choose_supports(shapes, 3, generator=torch.Generator().manual_seed(0))
    cluster, _ = k_means(shapes, chosen[None])
    figure, panels = panels_of(6)
    sizes = []
    for number in range(3):
        own = shapes[cluster[0] == number]
        sizes.append(len(own))
        panels[number].imshow(pairs[int(chosen[number])].part_map, **part_colors())
        panels[number].set_title(f"support {number + 1}")
        panels[3 + number].imshow(1 - own.float().mean(0), cmap="gray", vmin=0, vmax=1)
        panels[3 + number].set_title(f"mean of {len(own)}")
    return (
        figure,
        f"Three supports of the category horse, each above the mean shape of its cluster of {sizes} objects.",
        "The three supports that are chosen out of 40 horses of PartWorld, with their part maps, and the mean shape of "
        "the objects that each support stands for (one more round of k-means from these three).",
    )


def crop() -> Drawn:
    """A scene, and the silhouettes of its objects."""
    import torch

    from ipose.shapes.crop_geometry import geometry_of_objects
    from ipose.shapes.object_crops import crop_object_shapes

    scene = scene_of(1)
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
    figure, panels = panels_of(1 + len(items))
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


def contour_histogram() -> Drawn:
    """A pixel, the outline around it, and the histogram of the two."""
    import torch

    from ipose.shapes.position_descriptor import PositionBins, outer_contour, position_descriptor

    shape = pairs_of("bird", 2)[1].shape
    bins = PositionBins()
    descriptor = position_descriptor(shape.int())
    inside = shape.nonzero().float()
    centre = inside.mean(0)
    row, column = (int(value) for value in inside[(inside - centre).square().sum(1).argmin()])
    figure, panels = panels_of(2, 2.5)
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


def attention() -> Drawn:
    """Where a pixel of one object reads in three others."""
    import torch
    from torch import nn

    from ipose.partnet.attention import support_attention
    from ipose.partnet.partnet import PartNet
    from ipose.partnet.presets import preset

    pairs = pairs_of("horse", 4)
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
    figure, panels = panels_of(4)
    panels[0].imshow(1 - shape.float(), cmap="gray")
    panels[0].scatter([column], [row], s=60, marker="x", color=COLORS[1])
    panels[0].set_title("query pixel")
    for number in range(3):
        panels[1 + number].imshow(supports[number], **part_colors())
        panels[1 + number].imshow(read[number], cmap="magma", alpha=0.6, vmin=0, vmax=float(read.max()))
        panels[1 + number].set_title(f"read in support {number + 1}")
    return (
        figure,
        "A horse's silhouette with one marked pixel near a foot, and where that pixel reads in three supports.",
        "Where one query pixel (cross) reads in three supports; bright = much. The network is small, random and "
        "untrained; its query and key projections are set to the identity, so that it reads where shapes look alike. A "
        "trained network learns these projections. The report page of a run shows the attention of its own PartNet.",
    )


def confusion() -> Drawn:
    """Two part maps, and their pixels in a table."""
    from ipose.evaluation.part_metrics import part_confusion

    true, guess = (pair.part_map for pair in pairs_of("dog", 2))
    counts = part_confusion(guess[None], true[None])
    figure, panels = panels_of(3, 2.1)
    for panel, shown, title in ((panels[0], true, "true parts"), (panels[1], guess, "another dog's, as answer")):
        panel.imshow(shown, **part_colors())
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
