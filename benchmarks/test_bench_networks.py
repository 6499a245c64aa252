"""Every network against its plain form, at the published widths: same weights and inputs, same answer, by turns.

Label maps are photographs' of COCO-Stuff where the shared data is beside the project (`IPOSE_SHARED`), else drawn ones
of PartWorld with its class ids spread over 183.
"""

import os
import time
from functools import partial
from pathlib import Path

import pytest
import torch
from test_bench_partnet import SUPPORTS, part_maps, plainly

from ipose.data.png import read_index
from ipose.ganseg.generator import GANSegGenerator
from ipose.ganseg.noise import draw_noise
from ipose.ganseg.presets import preset as ganseg_preset
from ipose.groupdnet.decoder import Decoder
from ipose.groupdnet.presets import preset as groupdnet_preset
from ipose.partnet.partnet import PartNet
from ipose.partnet.presets import preset as partnet_preset
from ipose.partnet.scene_parts import SceneParts
from ipose.partworld.categories import PARTWORLD
from ipose.partworld.config import PartWorldConfig
from ipose.partworld.scene import PartWorld
from ipose.synthesis.discriminator import Discriminator
from ipose.synthesis.generator import Generator
from ipose.synthesis.objective import SynthesisObjective
from ipose.synthesis.presets import preset
from ipose.types import SceneBatch

SIDE = 256


MAPS = 3
"""Label maps that a row of the generator is the sum of."""


def label_maps():
    """`MAPS` times int64 (1, 256, 256), ids 0..182."""
    shared = Path(os.environ.get("IPOSE_SHARED", Path(__file__).parents[2] / "shared"))
    files = sorted((shared / "data" / "coco_stuff_sample" / "val_label").glob("*.png"))[:MAPS]
    if not files:
        return [scene.label[None] * 7 for scene in PartWorld(PartWorldConfig(count=MAPS, size=(SIDE, SIDE)))]
    maps = []
    for found in (torch.as_tensor(read_index(file)).long() for file in files):
        rows, columns = (torch.arange(SIDE) * side // SIDE for side in found.shape)
        maps.append(found[rows][:, columns][None].clamp(0, 182))
    return maps


def settled(network, where):
    """Eval mode, with running statistics that are not 0 and 1."""
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.uniform_(-0.1, 0.1)
            module.running_var.uniform_(0.5, 2)
    return network.to(where).requires_grad_(False).eval()


@pytest.fixture(params=["float32", "bf16"])
def precision(request):
    """The fast form in full precision, and under bfloat16 autocast. The plain form is always float32."""
    return request.param


def in_precision(function, precision, where):
    if precision == "float32":
        return function

    def run():
        with torch.autocast(where.type, torch.bfloat16):
            return function().float()

    return run


def painter(where, side=SIDE, **changes):
    """iPOSE's generator at its published widths, and paint(label): its image, with random parts in a part of it."""
    torch.manual_seed(0)
    config = preset("coco-stuff", height=side, width=side, **changes)
    network = settled(Generator(config), where)
    parts = torch.randn(1, config.part_input_channels, side, side, device=where)
    mask = (torch.arange(side, device=where) < 0.4 * side).float().expand(1, 1, side, side)
    z, noise = torch.randn(1, 64, device=where), torch.randn(1, 31, side // 32, side // 32, device=where)
    tensors = parts * mask, mask, z, noise

    @torch.no_grad()
    def paint(label):
        own, where_parts_are, texture, structure = (x.expand(len(label), *x.shape[1:]) for x in tensors)
        return network(label, own, where_parts_are, z=texture, part_noise=structure)

    return paint


def test_generator(against_plain, precision, where):
    """iPOSE's generator: three maps of 256x256 pixels, 183 classes."""
    paint, maps = painter(where), [label.to(where) for label in label_maps()]

    def images():
        return torch.cat([paint(label) for label in maps])

    what = f"generator, {MAPS} maps one by one, 256x256, 183 classes, {precision}"
    against_plain(what, in_precision(images, precision, where), images)


def test_a_scene_with_five_objects(against_plain, precision, where):
    """PartNet on five objects, whose supports it remembers, then the generator; crops and paste are not in it."""
    paint, label = painter(where), label_maps()[0].to(where)
    network = PartNet(partnet_preset("paper")).requires_grad_(False).eval().to(where)
    categories = part_maps(4 * SUPPORTS, 1).unflatten(0, (4, SUPPORTS)).to(where)
    index, shapes = torch.arange(5, device=where) % 4, (part_maps(5, 2)[:, None] > 0).float().to(where)
    memory = network.encode_supports(categories)

    @torch.no_grad()
    def fast():
        network.predict(network.shape_encoder(shapes), memory, index)
        return paint(label)

    @torch.no_grad()
    def plain():
        plainly(network, shapes, categories[index])
        return paint(label)

    against_plain(f"PartNet on 5 objects and generator, {precision}", in_precision(fast, precision, where), plain)


GROWTH = {
    "pixels": [{"side": side} for side in (128, 256, 384)],
    "classes": [{"num_classes": count} for count in (35, 91, 183)],
    "batch": [{"batch": count} for count in (1, 2, 4)],
}


@pytest.mark.parametrize("what", list(GROWTH))
def test_growth(benchmark, report, where, what):
    """How the cost of an image grows: processor seconds of the fast generator on a map of PartWorld."""
    seconds = {}
    for step in GROWTH[what]:
        side, batch, classes = step.get("side", 128), step.get("batch", 1), step.get("num_classes", 183)
        paint = painter(where, side=side, num_classes=classes)
        scenes = PartWorld(PartWorldConfig(count=batch, size=(side, side)))
        label = torch.stack([scene.label for scene in scenes]).to(where)
        paint(label)
        seconds[next(iter(step.values()))] = cpu_seconds(partial(paint, label), where)
    report(f"generator, 128x128, growth with {what}", "; ".join(f"{n}: {s:.2f} s" for n, s in seconds.items()))
    benchmark.pedantic(lambda: None, rounds=1)


def cpu_seconds(function, where):
    """The less of two runs; on a GPU seconds of the clock."""
    clock, found = (time.process_time if where.type == "cpu" else time.perf_counter), []
    for _ in range(2):
        start = clock()
        function()
        if where.type == "cuda":
            torch.cuda.synchronize()
        found.append(clock() - start)
    return min(found)


def test_discriminator(against_plain, precision, where):
    torch.manual_seed(0)
    network = settled(Discriminator.from_config(preset("coco-stuff")), where)
    image = torch.rand(1, 3, SIDE, SIDE, device=where) * 2 - 1
    segmented = torch.no_grad()(lambda: network(image).segmentation)
    against_plain(f"discriminator, one image, {precision}", in_precision(segmented, precision, where), segmented)


def test_groupdnet(against_plain, precision, where):
    torch.manual_seed(0)
    config = groupdnet_preset("deepfashion")
    network, label = settled(Decoder(config), where), label_maps()[0].to(where) % config.num_classes
    z = torch.randn(1, config.z_channels, *config.start, device=where)
    image = torch.no_grad()(lambda: network(label, z))
    against_plain(f"GroupDNet's generator, DeepFashion, {precision}", in_precision(image, precision, where), image)


@pytest.mark.parametrize("mode", ["forward", "forward and backward", "forward and backward, in training"])
def test_ganseg(against_plain, where, mode):
    torch.manual_seed(0)
    config = ganseg_preset("celeba-wild")
    network = settled(GANSegGenerator(config), where).train("training" in mode).requires_grad_("backward" in mode)
    noise = draw_noise(config, 2, torch.Generator().manual_seed(0)).to(where)

    def work():
        with torch.set_grad_enabled("backward" in mode):
            output = network(*noise)
        if "backward" in mode:
            (output.image.square().mean() + output.mask.square().mean()).backward()
        return output.image.detach()

    against_plain(f"GANSeg's generator, 2 images, {mode}", work, work)


@pytest.mark.parametrize("name", ["toy", "coco-stuff"])
def test_training_step(against_plain, precision, where, name):
    """One step of G and one of D, without the style loss; `fast` and `plain` begin from the same weights."""
    config = preset(name, style_loss="none", num_classes=183 if name == "coco-stuff" else PARTWORLD.num_classes)
    world = PartWorld(PartWorldConfig(count=4 if name == "toy" else 1, size=(config.height, config.width)))
    batch = SceneBatch.from_scenes(list(world)).to(where)
    mask = (batch.part[:, None] > 0).float()
    features = torch.randn(len(mask), config.part_input_channels, *batch.size, device=where) * mask
    torch.manual_seed(0)
    objective = SynthesisObjective.from_config(config, infer_parts=lambda _: SceneParts(features, features, mask))
    objective = objective.to(where)

    def step():
        for phase in objective.phases(batch, torch.Generator().manual_seed(0)):
            for key, network in objective.networks.items():
                network.requires_grad_(key in phase.networks)
            objective.optimizers[phase.optimizer].zero_grad()
            total = sum(phase.losses().values())
            total.backward()
        return total.detach()

    fast = step if precision == "float32" else torch.autocast(where.type, torch.bfloat16)(step)
    against_plain(f"training step of G and D, {name}, batch {len(mask)}, {precision}", fast, step)
