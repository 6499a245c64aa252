"""How the label map's modulation is split into groups, and which widths a group list can divide."""

import subprocess
import sys

import pytest
from hypothesis import strategies as st

from ipose.errors import ConfigError
from ipose.groupdnet.modulation import Modulation, ModulationWidths, check_groups
from ipose.testing.claims import law

RULES = ("block", "class", "class_to_block")


class TestModulation:
    """Modulation.widths: the hidden widths and groups of the published decoders (facts of the release)."""

    def test_as_the_block(self):
        assert Modulation(8).widths(4) == (128, 4, 4)

    def test_by_class(self):
        assert [Modulation(35, "class", edges=True).widths(g) for g in (35, 20, 1)] == [
            (1225, 35, 35),
            (700, 35, 35),
            (35, 35, 35),
        ]
        assert Modulation(35, "class", edges=True).map_channels == 70

    def test_by_class_then_as_the_block(self):
        widths = [Modulation(151, "class_to_block").widths(g) for g in (151, 16, 1)]
        assert widths == [(302, 151, 151), (2416, 151, 16), (302, 151, 1)]

    def test_where_the_blocks_groups_divide_the_classes_twice_the_classes_are_enough(self):
        assert Modulation(12, "class_to_block").widths(4) == ModulationWidths(24, 12, 4)
        assert Modulation(12, "class_to_block").widths(5) == ModulationWidths(60, 12, 5)

    @pytest.mark.parametrize(("edges", "channels"), [(False, 7), (True, 14)])
    def test_each_class_has_a_channel_of_the_map_or_two(self, edges, channels):
        assert Modulation(7, edges=edges).map_channels == channels

    @law(classes=st.integers(1, 200), groups=st.integers(1, 64), rule=st.sampled_from(RULES[1:]))
    def test_by_class_the_hidden_layer_divides_into_all_its_groups(self, classes, groups, rule):
        hidden, shared_groups, modulated_groups = Modulation(classes, rule).widths(groups)
        assert hidden % shared_groups == hidden % modulated_groups == 0


class TestCheckGroups:
    """check_groups(channels, groups, modulation): every convolution of every block splits, or one sentence says no."""

    def test_what_divides_passes(self):
        check_groups((16, 8, 4), (4, 2), Modulation(4, hidden=8))
        check_groups((70, 70, 35), (35, 35), Modulation(35, "class", edges=True))

    @law(groups=st.lists(st.sampled_from([1, 2, 4, 8]), min_size=1, max_size=4), rule=st.sampled_from(RULES))
    def test_powers_of_two_pass_where_everything_is_one(self, groups, rule):
        check_groups((64,) * (len(groups) + 1), tuple(groups), Modulation(8, rule, hidden=64))

    @pytest.mark.parametrize(
        ("channels", "groups", "modulation", "words"),
        [
            ((9, 8), (4,), Modulation(4, hidden=8), "its input has 9 channels, which 4 groups"),
            ((8, 6), (4,), Modulation(4, hidden=8), "its middle has 6 channels, which 4 groups"),
            ((8, 10), (4,), Modulation(4, hidden=8), "its output has 10 channels, which 4 groups"),
            ((8, 8), (4,), Modulation(6, hidden=8), "the label map has 6 channels, which 4 groups"),
            ((8, 8), (4,), Modulation(4, hidden=6), "the hidden layer of its CG-Norms has 6 channels, which 4 groups"),
            ((8, 8), (4,), Modulation(3, "class"), "the CG-Norm of its input has 8 channels, which 3 groups"),
            ((9, 8), (1,), Modulation(3, "class"), "the CG-Norm of its middle has 8 channels, which 3 groups"),
        ],
        ids=["input", "middle", "output", "map", "hidden", "norm of input", "norm of middle"],
    )
    def test_what_does_not_divide_is_named_with_its_block(self, channels, groups, modulation, words):
        with pytest.raises(ConfigError, match=rf"\[decoder_groups\] block 1 of the decoder .*cannot be split: {words}"):
            check_groups(channels, groups, modulation)

    def test_a_later_block_is_counted_from_1(self):
        with pytest.raises(ConfigError, match=r"block 2 of the decoder \(8 to 4 channels, 3 groups\)"):
            check_groups((8, 8, 4), (4, 3), Modulation(4, hidden=8))

    @pytest.mark.parametrize("channels", [(8,), (8, 8, 8)])
    def test_a_group_number_a_block_and_one_width_more(self, channels):
        with pytest.raises(
            ConfigError, match=rf"found 1 groups for {len(channels)} widths, expected {len(channels) - 1}"
        ):
            check_groups(channels, (4,), Modulation(4))

    @pytest.mark.parametrize("count", [0, -2])
    def test_no_group_at_all_is_refused(self, count):
        with pytest.raises(ConfigError, match="a group number below 1"):
            check_groups((8, 8, 8), (4, count), Modulation(4, hidden=8))


def test_importing_it_does_not_wait_for_torch():
    code = "import sys, ipose.groupdnet.modulation; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
