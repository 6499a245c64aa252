"""Images and part maps of a GANSeg, from noise: for `ipose generate`, with moves, and on the page of its run."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from PIL import Image

from ipose.data.png import write_index, write_photo
from ipose.errors import ConfigError
from ipose.ganseg.generator import GANSegGenerator, GANSegOutput
from ipose.ganseg.moves import MovePart, move_parts, parts_off_the_picture
from ipose.ganseg.noise import numbered_noise
from ipose.ganseg.presets import GANSegConfig
from ipose.ganseg.pretrained import load_ganseg
from ipose.images import image_uint8
from ipose.reports.contact_sheet import Tile
from ipose.reports.page import Figure, Section, Table
from ipose.reports.points_sheet import part_color
from ipose.systems.ganseg.training import output_sheet, sample_sheet, usage_of
from ipose.systems.generating import Request
from ipose.systems.reporting import RunPage, config_of, settings_section
from ipose.training.run import Run
from ipose.whole_files import save_whole


@torch.no_grad()
def make(generator: GANSegGenerator, request: Request) -> Iterator[Path]:
    """`seed<seed>_<number>.png` and `..._part.png` for each image, and one `seed<seed>_sheet.png`.

    Each image depends on (seed, its number) alone. With moves each is made twice, before and after, of the same noise.

    Raises:
        ConfigError: no such part to move, or a model without points.
    """
    moves = [MovePart.parse(words) for words in request.options.move]
    if moves and not generator.config.use_points:
        raise ConfigError("a model without points has nothing to move", field="move", expected="a model with points")
    seed, count, out = request.seed, request.count, request.out
    device = next(generator.parameters()).device
    noise = numbered_noise(generator.config, seed, range(count)).to(device)
    level1 = generator.level1(*noise[:3])
    versions = {"": level1}
    if moves:
        moved = move_parts(level1.points, generator.config.parts, moves)
        versions["_moved"] = level1._replace(points=moved)
        off = parts_off_the_picture(moved, generator.config.parts)
        for part in sorted({move.part for move in moves} & off.keys()):
            shown = ", ".join(f"seed{seed}_{image}" for image in off[part][:5])
            print(f"--move: part {part} lies off the picture in {len(off[part])} of {count}: {shown}", file=sys.stderr)
    out.mkdir(parents=True, exist_ok=True)
    made: list[tuple[str, GANSegOutput]] = []
    for suffix, points in versions.items():
        output = GANSegOutput(*(t.cpu() for t in generator.render(points, noise.background_position)))
        made.append((suffix, output))
        for i, (image, part) in enumerate(zip(image_uint8(output.image), output.part_map(), strict=True)):
            path = out / f"seed{seed}_{i}{suffix}.png"
            write_photo(path, image)
            yield path
            path = out / f"seed{seed}_{i}{suffix}_part.png"
            colors = tuple(part_color(k) for k in range(generator.config.parts + 1))
            write_index(path, part, colors=colors)
            yield path
    path = out / f"seed{seed}_sheet.png"
    save_whole(_sheet(generator, made, count), path)
    yield path


def _sheet(generator: GANSegGenerator, made: Sequence[tuple[str, GANSegOutput]], count: int) -> Image.Image:
    """Each image's versions below one another."""
    order = [(i, version) for i in range(count) for version in range(len(made))]
    picked = GANSegOutput(
        *(torch.stack([made[version][1][field][i] for i, version in order]) for field in range(len(made[0][1])))
    )
    headings = [f"image {i}" + (", moved" if version else "") for i, version in order]
    return output_sheet(generator, picked, headings)


def page(run: Run) -> RunPage:
    """Generated images with their points and masks, and how much each part covers."""
    generator = load_ganseg(run.folder)
    usage = usage_of(generator)
    rows = [(k + 1, f"{100 * share:.2f}") for k, share in enumerate(usage.coverage.tolist())]
    facts = f"Entropy {usage.entropy:.2f} (1 = all parts alike), motion of the centres {usage.motion:.3f}."
    sections = [
        Section(
            "What it generates",
            "Points say where parts are; masks follow the points; foreground and background are painted apart.",
            [Figure([Tile(sample_sheet(generator, range(8)))], wide=True)],
        ),
        Section(
            "The parts",
            " ".join([facts, *(f"Warning: {warning}." for warning in usage.warnings())]),
            [Table(("part", "% of all pixels"), rows)],
        ),
    ]
    settings = settings_section(
        config_of(run, "ganseg", GANSegConfig), GANSegConfig(), title="Settings beside those of CelebA in the wild"
    )
    return RunPage(sections, settings, lead=", without any annotation")
