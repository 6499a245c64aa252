"""CachedParts answers as PartNet does, and asks it once a scene."""

import pytest
import torch

from ipose.partnet.partnet import PartNet
from ipose.partnet.scene_parts import CachedParts, infer_scene_parts
from ipose.partworld.config import PartWorldConfig
from ipose.partworld.scene import PartWorld
from ipose.testing.partnet_contract import blocky_part_map, tiny_config
from ipose.types import SceneBatch, SupportSet


@pytest.fixture(scope="module")
def scenes():
    return list(PartWorld(PartWorldConfig(count=4, size=(64, 64), categories=("car", "dog"), objects=(1, 2))))


@pytest.fixture(scope="module")
def ask():
    """(infer, asked): infer_parts of a tiny PartNet, and the names that it was asked for."""
    torch.manual_seed(0)
    network, asked = PartNet(tiny_config()).eval(), []
    maps = torch.stack([blocky_part_map(torch.Generator().manual_seed(i)) for i in range(2)])
    supports = SupportSet({"car": tuple("abcd"), "dog": tuple("abcd")}, {"car": maps, "dog": maps.flip(-1)})

    def infer(batch):
        asked.extend(batch.names)
        with torch.no_grad():
            return infer_scene_parts(network, batch, supports)

    return infer, asked


@pytest.mark.parametrize("part_input", ["features", "logits"])
def test_a_remembered_scene_has_the_parts_that_partnet_infers(scenes, ask, part_input):
    infer, asked = ask
    cached = CachedParts(infer, part_input)
    cached(SceneBatch.from_scenes(scenes[:3]))
    batch = SceneBatch.from_scenes([scenes[3], scenes[1], scenes[0]])
    expected = infer(batch)
    del asked[:]
    parts = cached(batch)
    assert asked == [scenes[3].name]
    torch.testing.assert_close(getattr(parts, part_input), getattr(expected, part_input), atol=1e-5, rtol=1e-5)
    assert torch.equal(parts.mask, expected.mask)
