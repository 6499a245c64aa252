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

    def test_every_class_of_every_image_counts_on_its_own(self):
        """Given one image all right and one all wrong, half the classes' overlaps are whole and half are none."""
        target = torch.tensor([[[0, 1]], [[0, 1]]])
        logits = 50 * torch.nn.functional.one_hot(target, 2).permute(0, 3, 1, 2).float()
        logits[1] = logits[1].flip(-1)
        assert dice_loss(logits, target).item() == pytest.approx(0.5, abs=1e-6)
        target[1] = 0  # of three class-1 pixels, none is there
        assert dice_loss(logits, target).item() == pytest.approx((0 + 0 + (1 - 2 * 1 / 3) + 1) / 4, abs=1e-6)

    def test_a_class_that_is_nowhere_costs_nothing(self):
        """0 / 0 counts as a whole overlap: given logits so sure that the absent class has no probability left."""
        target = torch.zeros(1, 2, 2, dtype=torch.int64)
        logits = torch.tensor([200.0, -200.0])[None, :, None, None].expand(1, 2, 2, 2)
        assert dice_loss(logits, target).item() == pytest.approx(0, abs=1e-6)

    def test_probabilities_are_a_softmax(self):
        """Given log odds of 3, p = 3/4 of the right class in both pixels: 1 - 2 * 3/4 / (3/4 + 1/4 + 1)."""
        logits = torch.tensor([[[[1.0, 0.0]], [[0.0, 1.0]]]]) * torch.tensor(3.0).log()
        assert dice_loss(logits, torch.tensor([[[0, 1]]])).item() == pytest.approx(1 - 1.5 / 2, abs=1e-6)
