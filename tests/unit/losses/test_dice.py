"""Cross-entropy and Dice: 0 for confident right logits, and by hand."""

import pytest
import torch

from ipose.losses.dice import cross_entropy_and_dice, dice_loss


class TestDice:
    """dice_loss judges every class of every image alike."""

    def test_confident_right_logits_cost_nothing(self):
        target = torch.randint(0, 3, (2, 6, 6), generator=torch.Generator().manual_seed(0))
        logits = 50 * torch.nn.functional.one_hot(target, 3).permute(0, 3, 1, 2).float()
        assert sum(cross_entropy_and_dice(logits, target).values()).item() == pytest.approx(0, abs=1e-6)

    def test_undecided_logits_by_hand(self):
        target = torch.tensor([[[0, 0, 0, 1]]])  # p = 1/2: shared 3/2 and 1/2, both 2 + 3 and 2 + 1
        expected = 1 - (3 / 5 + 1 / 3) / 2
        assert dice_loss(torch.zeros(1, 2, 1, 4), target).item() == pytest.approx(expected, abs=1e-6)

    def test_the_terms_are_halves(self):
        logits, target = torch.zeros(1, 4, 2, 2), torch.zeros(1, 2, 2, dtype=torch.int64)
        terms = cross_entropy_and_dice(logits, target)
        assert terms["cross_entropy"].item() == pytest.approx(0.5 * torch.tensor(4.0).log().item())
        assert terms["dice"].item() == pytest.approx(0.5 * dice_loss(logits, target).item())
