"""The baselines on real people: the numbers that PartNet has to beat."""

import pytest
import torch

from ipose.data.part_pairs import pairs_from_scenes
from ipose.data.scene_folder import SceneFolder
from ipose.data.specs import load_spec
from ipose.evaluation.part_evaluation import evaluate_parts
from ipose.part_annotations import SupportSet
from ipose.shapes.supports import choose_supports


@pytest.mark.slow
def test_copy_and_majority_reach_what_was_measured_on_street_photographs(shared):
    """Given ccp_person with k = 3, copy is right on about 72 and majority on about 77.6 % of the object pixels."""
    root, spec = shared / "data" / "ccp_person", load_spec("ccp-person")
    if not root.is_dir():
        pytest.skip("no ccp_person photographs in the shared folder")
    train, val = (pairs_from_scenes(SceneFolder(root, split, spec), spec) for split in ("train", "val"))
    shapes = torch.stack([pair.shape for pair in train])
    chosen = choose_supports(shapes, 3, generator=torch.Generator().manual_seed(0))
    supports = SupportSet(
        {"human": ("head", "torso", "leg", "arm")}, {"human": torch.stack([train[i].part_map for i in chosen.tolist()])}
    )
    scores = evaluate_parts(lambda x, _: torch.zeros(x[:, 0].shape, dtype=torch.uint8), val, supports, train)
    assert len(val) == 124
    assert scores.copy["human"].object_pixels == pytest.approx(0.72, abs=0.025)
    assert scores.majority["human"].object_pixels == pytest.approx(0.776, abs=0.01)
    assert scores.model["human"].object_pixels == 0
