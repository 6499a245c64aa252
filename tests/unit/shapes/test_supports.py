"""The choice of supports: k training objects that stand for their category."""

import pytest
import torch
from hypothesis import strategies as st

from helpers.defaults import defaults_of
from ipose.errors import ConfigError, EmptyShapeError, TooFewObjectsError
from ipose.reference import supports as reference
from ipose.shapes.supports import CHUNK, _draw_seeds, _nearest_members, choose_supports, k_means
from ipose.testing.claims import law
from ipose.testing.geometric_score_contract import bar


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def families(shapes, per_family=8, seed=0):
    """Copies of each shape, each with one pixel flipped; family = position // per_family."""
    copies = torch.stack([shape for shape in shapes for _ in range(per_family)])
    for shape, (row, col) in zip(copies, torch.randint(8, (len(copies), 2), generator=seeded(seed)), strict=True):
        shape[row, col] = 1 - shape[row, col]
    return copies


def three_families(per_family=8, seed=0):
    """Wide bars, tall bars and blocks."""
    return families([bar((3, 5), (0, 8)), bar((0, 8), (3, 5)), bar((0, 8), (0, 8))], per_family, seed)


class TestChooseSupports:
    """choose_supports runs k-means under the geometric score and takes the member nearest to each centre."""

    @law(seed=st.integers(0, 999))
    def test_finds_one_support_in_each_family_of_shapes(self, device, seed):
        chosen = choose_supports(three_families(seed=seed).to(device), 3, generator=seeded(seed))
        assert sorted((chosen // 8).tolist()) == [0, 1, 2]

    @law(seed=st.integers(0, 999), k=st.integers(1, 5), count=st.integers(5, 9))
    def test_are_k_different_objects(self, device, seed, k, count):
        shapes = torch.rand(count, 4, 4, generator=seeded(seed)).to(device)
        chosen = choose_supports(shapes, k, generator=seeded(seed))
        assert chosen.shape == (k,)
        assert chosen.dtype == torch.int64
        assert len(set(chosen.tolist())) == k
        assert set(chosen.tolist()) <= set(range(count))

    def test_equal_objects_still_give_different_positions(self, device):
        chosen = choose_supports(torch.ones(5, 4, 4, device=device), 4, generator=seeded())
        assert len(set(chosen.tolist())) == 4

    def test_the_generator_alone_decides(self, device):
        shapes = torch.rand(30, 6, 6, generator=seeded()).to(device)
        first, again, other = (choose_supports(shapes, 3, generator=seeded(s), restarts=1) for s in (1, 1, 2))
        assert torch.equal(first, again)
        assert not torch.equal(first, other)

    def test_one_support_is_the_object_nearest_to_the_mean_shape(self, device):
        """Bars of widths 2 to 8: the mean shape is nearest to a middle one."""
        shapes = torch.stack([bar((2, 6), (0, width)) for width in (2, 3, 4, 5, 6, 7, 8)]).to(device)
        cluster, centres = reference.k_means(shapes, [0])
        assert choose_supports(shapes, 1, generator=seeded()).tolist() == reference.nearest_members(
            shapes, cluster, centres
        )

    def test_takes_silhouettes_as_bool(self, device):
        shapes = three_families().to(device)
        chosen = [choose_supports(x, 3, generator=seeded()) for x in (shapes, shapes.bool())]
        assert torch.equal(*chosen)

    def test_restarts_mend_an_unlucky_start(self, device):
        """Five blocks that overlap: a single start sometimes misses one, the best of eight never does."""
        blocks = [
            bar((0, 4), (0, 4)),
            bar((0, 4), (4, 8)),
            bar((4, 8), (0, 4)),
            bar((4, 8), (4, 8)),
            bar((2, 6), (2, 6)),
        ]
        shapes = families(blocks, per_family=6).to(device)
        missed = {1: 0, 8: 0}
        for restarts in missed:
            for seed in range(15):
                chosen = choose_supports(shapes, 5, generator=seeded(seed), restarts=restarts)
                missed[restarts] += len(set((chosen // 6).tolist())) < 5
        assert missed[1] > 0
        assert missed[8] == 0

    def test_works_through_more_shapes_than_one_chunk(self, device):
        shapes = three_families(per_family=CHUNK // 2).to(device)
        assert len(shapes) > CHUNK
        chosen = choose_supports(shapes, 3, generator=seeded(), restarts=2)
        assert sorted((chosen // (CHUNK // 2)).tolist()) == [0, 1, 2]

    def test_seeds_differ_even_where_rounding_hides_that_shapes_are_equal(self, device):
        soft = torch.rand(1, 7, 7, generator=seeded()).expand(4, -1, -1).to(device)
        for seeds in _draw_seeds(soft, 4, 10, seeded()).tolist():
            assert sorted(seeds) == [0, 1, 2, 3]

    def test_every_restart_begins_with_an_object_of_its_own_draw(self, device):
        shapes = torch.rand(20, 4, 4, generator=seeded()).to(device)
        first = _draw_seeds(shapes, 2, 40, seeded())[:, 0].tolist()
        assert len(set(first)) > 10

    def test_a_support_is_a_member_even_where_a_stranger_is_nearer(self, device):
        """Object 0 is nearest to centre 1 but belongs to centre 0; cluster 2 has no member and takes who is left."""
        scores = torch.tensor([[0.2, 0.3, 0.7], [0.1, 0.5, 0.6], [0.9, 0.4, 0.5]], device=device)
        assert _nearest_members(scores[:, :2].argmin(1), scores).tolist() == [1, 2, 0]

    def test_the_farthest_member_comes_before_the_nearest_stranger(self, device):
        scores = torch.tensor([[1.9, 2.0], [0.2, 0.1]], device=device)
        assert _nearest_members(scores.argmin(1), scores).tolist() == [0, 1]

    def test_too_few_objects_are_refused_by_name(self):
        with pytest.raises(TooFewObjectsError, match=r"'cat'.*found 2, expected at least 3"):
            choose_supports(torch.ones(2, 4, 4), 3, generator=seeded(), category="cat")

    def test_an_empty_shape_is_refused_with_its_position(self):
        shapes = torch.ones(4, 4, 4)
        shapes[2] = 0
        with pytest.raises(EmptyShapeError, match="object 2 of 'cat'"):
            choose_supports(shapes, 3, generator=seeded(), category="cat")

    def test_no_supports_at_all_are_refused(self):
        with pytest.raises(ConfigError, match="at least 1"):
            choose_supports(torch.ones(4, 4, 4), 0, generator=seeded())


class TestKMeans:
    """k_means is Lloyd's iteration under the geometric score, for several starts at once."""

    @law(seed=st.integers(0, 999), k=st.integers(1, 3))
    def test_matches_the_literal_iteration_start_by_start(self, device, seed, k):
        shapes = torch.rand(7, 4, 4, generator=seeded(seed), dtype=torch.float64).to(device)
        starts = torch.stack([torch.randperm(7, generator=seeded(seed + i))[:k] for i in range(2)]).to(device)
        cluster, scores = k_means(shapes, starts)
        for start, found, score in zip(starts, cluster, scores, strict=True):
            expected, centres = reference.k_means(shapes, start.tolist())
            assert found.tolist() == expected
            own = [reference.geometric_score(shapes[i], centres[c]) for i, c in enumerate(expected)]
            assert score.gather(1, found[:, None])[:, 0].tolist() == pytest.approx(own)

    def test_a_cluster_without_members_keeps_its_centre(self, device):
        """Of two equal first centres the second gets no object in the first round, and stays where it is."""
        shapes = torch.rand(5, 4, 4, generator=seeded(), dtype=torch.float64).to(device)
        _, scores = k_means(shapes, torch.tensor([[0, 0]], device=device), max_iterations=1)
        assert scores[0, 0, 1].item() == pytest.approx(0, abs=1e-12)
        assert scores[0, 0, 0].item() > 0.01  # the first has moved to the mean


def test_four_starts_of_at_most_fifty_rounds_unless_told_otherwise():
    assert defaults_of(choose_supports) == {"restarts": 4, "max_iterations": 50, "category": None}
    assert defaults_of(k_means) == {"max_iterations": 50}
