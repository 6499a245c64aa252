"""The same names give the same split, in any order, on any machine."""

from hypothesis import strategies as st

from ipose.data.part_sources.panoptic_parts import pooled_split
from ipose.testing import law

names = st.lists(st.text(min_size=1, max_size=6), unique=True, max_size=40)


class TestPooledSplit:
    """A fixed fifth validates."""

    @law(names=names)
    def test_a_fifth_validates(self, names):
        split = pooled_split(names)
        assert set(split) == set(names)
        assert list(split.values()).count("val") == round(0.2 * len(names))

    @law(names=names)
    def test_does_not_depend_on_the_order(self, names):
        assert pooled_split(names) == pooled_split(reversed(names))

    def test_does_not_take_the_first_or_last_names(self):
        split = pooled_split(f"2008_{number:06d}" for number in range(100))
        places = [number for number, part in enumerate(split.values()) if part == "val"]
        assert places[:4] == [4, 5, 6, 15]
        assert places[-1] > 80
