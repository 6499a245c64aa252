"""Pictures that the package itself makes while the site is built, on drawn scenes and small random networks."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ipose_site import layer_pictures, shape_pictures
from ipose_site.canvas import Drawn


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


DRAWINGS: dict[str, Callable[[], Drawn]] = {
    "shapes/geometric_score": shape_pictures.two_shapes,
    "shapes/supports": shape_pictures.chosen_supports,
    "shapes/object_crops": shape_pictures.crop,
    "shapes/position_descriptor": shape_pictures.contour_histogram,
    "partnet/attention": shape_pictures.attention,
    "layers/part_modulation": layer_pictures.part_modulation,
    "losses/label_mix": layer_pictures.label_mix,
    "losses/relaxed_emd": layer_pictures.matching,
    "groupdnet/cg_block": layer_pictures.cg_norm,
    "ganseg/heatmaps": layer_pictures.heatmaps,
    "evaluation/part_metrics": shape_pictures.confusion,
}
"""By the module whose page shows it."""
