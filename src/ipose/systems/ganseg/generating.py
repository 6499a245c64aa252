"""`ipose generate --system ganseg`: images and part maps from noise; with moves, before and after."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from PIL import Image

from ipose.data.batch_sources import uint8_images
from ipose.data.png import write_index, write_photo
from ipose.errors import ConfigError
from ipose.ganseg.generator import GANSegGenerator, GANSegOutput
from ipose.ganseg.moves import MovePart, move_parts
from ipose.ganseg.noise import numbered_noise
from ipose.reports.points_sheet import part_color
from ipose.systems.ganseg.training import output_sheet


@torch.no_grad()
def generate_ganseg(
    generator: GANSegGenerator, out: Path, *, seed: int = 0, count: int = 1, moves: Sequence[MovePart] = ()
) -> Iterator[Path]:
    """`seed<seed>_<number>.png` and `..._part.png` for each image, and one `seed<seed>_sheet.png`.

    Args:
        generator: trained.
        out: folder to write.
        seed: of all the images.
        count: images; each depends on (seed, its number) alone.
        moves: parts to move; each image is then made twice, before and after, of the same noise.
    Yields:
        each file as it is written.
    Raises:
        ConfigError: count < 1, or no such part.
    """
    if count < 1:
        raise ConfigError("nothing to make", field="count", found=count, expected="1 or more")
    device = next(generator.parameters()).device
    noise = numbered_noise(generator.config, seed, range(count)).to(device)
    level1 = generator.level1(*noise[:3])
    versions = {"": level1}
    if moves:
        versions["_moved"] = level1._replace(points=move_parts(level1.points, generator.config.parts, moves))
    out.mkdir(parents=True, exist_ok=True)
    made: list[tuple[str, GANSegOutput]] = []
    for suffix, points in versions.items():
        output = GANSegOutput(*(t.cpu() for t in generator.render(points, noise.background_position)))
        made.append((suffix, output))
        for i, (image, part) in enumerate(zip(uint8_images(output.image), output.part_map(), strict=True)):
            path = out / f"seed{seed}_{i}{suffix}.png"
            write_photo(path, image)
            yield path
            path = out / f"seed{seed}_{i}{suffix}_part.png"
            colors = tuple(part_color(k) for k in range(generator.config.parts + 1))
            write_index(path, part, colors=colors)
            yield path
    path = out / f"seed{seed}_sheet.png"
    _sheet(generator, made, count).save(path)
    yield path


def _sheet(generator: GANSegGenerator, made: Sequence[tuple[str, GANSegOutput]], count: int) -> Image.Image:
    """Each image's versions below one another."""
    order = [(i, version) for i in range(count) for version in range(len(made))]
    picked = GANSegOutput(
        *(torch.stack([made[version][1][field][i] for i, version in order]) for field in range(len(made[0][1])))
    )
    headings = [f"image {i}" + (", moved" if version else "") for i, version in order]
    return output_sheet(generator, picked, headings)
