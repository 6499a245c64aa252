"""geometric_score and geometric_score_matrix: likeness of object shapes."""

import pytest
import torch
from hypothesis import strategies as st

from ipose.errors import EmptyShapeError
from ipose.reference import geometric_score as reference
from ipose.shapes.geometric_score import geometric_score, geometric_score_matrix
from ipose.testing.claims import law
from ipose.testing.geometric_score_contract import GeometricScoreContract
from ipose.testing.shape_strategies import object_shapes


def literal(a, b):
    try:
        return torch.tensor(reference.geometric_score(a, b), dtype=torch.float64)
    except ZeroDivisionError as error:
        raise EmptyShapeError("both empty", mend="Drop empty crops first.") from error


class TestGeometricScore(GeometricScoreContract):
    implementation = staticmethod(geometric_score)

    def test_scores_a_whole_batch_at_once(self, device):
        a, b = torch.rand(2, 3, 4, 5, 5, device=device)
        scores = geometric_score(a, b)
        assert scores.shape == (3, 4)
        assert scores[2, 1].item() == pytest.approx(geometric_score(a[2, 1], b[2, 1]).item())

    def test_whole_numbers_of_any_kind_score_like_floats(self, device):
        """Given more than 255 pixels, a sum or a difference in uint8 would run over."""
        generator = torch.Generator().manual_seed(0)
        a, b = (torch.rand(2, 3, 40, 40, generator=generator) > 0.4).to(device)
        for dtype in (torch.uint8, torch.bool, torch.int64):
            torch.testing.assert_close(geometric_score(a.to(dtype), b.to(dtype)), geometric_score(a.float(), b.float()))

    def test_one_empty_pair_in_a_batch_is_refused(self, device):
        a = torch.ones(2, 3, 3, device=device)
        a[1] = 0
        with pytest.raises(EmptyShapeError):
            geometric_score(a, a)


class TestGeometricScoreMatrix(GeometricScoreContract):
    implementation = staticmethod(lambda a, b: geometric_score_matrix(a[None], b[None])[0, 0])

    @law(shapes=st.lists(object_shapes(), min_size=3, max_size=5))
    def test_holds_the_score_of_every_pair(self, device, shapes):
        a, b = torch.stack(shapes[:2]).to(device), torch.stack(shapes[2:]).to(device)
        matrix = geometric_score_matrix(a, b)
        assert matrix.shape == (2, len(b))
        for i in range(2):
            for j in range(len(b)):
                assert matrix[i, j].item() == pytest.approx(geometric_score(a[i], b[j]).item())

    def test_whole_numbers_of_any_kind_score_like_floats(self, device):
        generator = torch.Generator().manual_seed(0)
        shapes = (torch.rand(5, 40, 40, generator=generator) > 0.3).to(device)
        for dtype in (torch.uint8, torch.bool, torch.int64):
            found = geometric_score_matrix(shapes[:3].to(dtype), shapes[3:].to(dtype))
            torch.testing.assert_close(found, geometric_score_matrix(shapes[:3].float(), shapes[3:].float()))

    def test_never_falls_below_0_by_rounding(self, device):
        soft = torch.rand(40, 64, 64, generator=torch.Generator().manual_seed(0)).to(device)
        assert (geometric_score_matrix(soft, soft) >= 0).all()

    def test_no_shapes_on_one_side_give_an_empty_matrix(self, device):
        assert geometric_score_matrix(
            torch.zeros(0, 4, 4, device=device), torch.ones(3, 4, 4, device=device)
        ).shape == (0, 3)


class TestReference(GeometricScoreContract):
    """Claims of GeometricScoreContract: does not depend on which shape comes first; is 0 for equal shapes and for no
    others; lies between 0 and 2; does not depend on empty border; matches the literal reference; is 2 for disjoint
    shapes of equal area; matches a hand count on two bars; divides by the larger area not by the smaller or the union;
    squares soft differences; one empty shape is as far as the other is large; refuses two empty shapes.
    """

    implementation = staticmethod(literal)
