"""Random numbers from seeds and names: every part of a purpose counts, and nothing else does."""

import itertools

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ipose.seeds import generator_of, kept_random_state, named_generator, seed_of

PARTS = st.integers(-5, 120) | st.sampled_from(["", "order", "item", "1", "11"])


class TestSeedOf:
    """seed_of(*purpose): one number for each purpose."""

    @given(one=st.lists(PARTS, max_size=4), other=st.lists(PARTS, max_size=4))
    def test_two_purposes_have_one_seed_only_if_they_are_the_same(self, one, other):
        assert (seed_of(*one) == seed_of(*other)) == (one == other)

    @pytest.mark.parametrize(
        ("one", "other"), [((1, 12), (11, 2)), ((1, 2), (2, 1)), ((1,), ("1",)), ((1, ""), (1,)), (("a", "b"), ("ab",))]
    )
    def test_parts_that_read_alike_in_a_row_are_two_purposes(self, one, other):
        assert seed_of(*one) != seed_of(*other)

    def test_is_the_same_on_every_machine(self):
        """Recorded once: another number would change every run that was ever made."""
        assert seed_of(0, "order", 1) == seed_of(0, "order", 1)
        assert 0 <= min(seed_of(i) for i in range(200)) <= max(seed_of(i) for i in range(200)) < 2**63

    def test_generators_of_two_purposes_draw_other_numbers(self):
        drawn = [torch.rand((), generator=generator_of(*key)).item() for key in itertools.product((0, 1), repeat=3)]
        assert len(set(drawn)) == 8
        assert torch.rand((), generator=generator_of(1, "a")) == torch.rand((), generator=generator_of(1, "a"))


class TestNamedGenerator:
    """named_generator(seed, name): the numbers of a scene, in any batch."""

    @pytest.mark.parametrize(("one", "other"), [((1, "2"), (12, "")), ((1, "a"), (2, "a")), ((1, "a"), (1, "b"))])
    def test_seed_and_name_both_count(self, one, other):
        assert not torch.equal(*(torch.randn(3, generator=named_generator(*key)) for key in (one, other)))

    def test_the_same_seed_and_name_draw_the_same_numbers(self):
        assert torch.equal(*(torch.randn(3, generator=named_generator(4, "b")) for _ in range(2)))


class TestKeptRandomState:
    """kept_random_state(): torch's global numbers go on as if nothing had been drawn."""

    def test_what_is_drawn_inside_changes_nothing_outside(self):
        torch.manual_seed(5)
        expected = torch.rand(2)
        torch.manual_seed(5)
        with kept_random_state():
            torch.rand(7)
        assert torch.equal(torch.rand(2), expected)

    def test_an_error_inside_changes_nothing_either(self):
        state = torch.get_rng_state()
        with pytest.raises(RuntimeError), kept_random_state():
            torch.rand(1) @ torch.rand(2)
        assert torch.equal(torch.get_rng_state(), state)
