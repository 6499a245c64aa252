"""Blocks by name: from the class to "module:Class" and back, and a sentence where there is no way back."""

from functools import partial

import pytest
from torch import nn

from ipose.errors import ConfigError
from ipose.layers.injection_blocks import PlainBlock
from ipose.layers.psm_block import PSMBlock
from ipose.synthesis.block_names import block_name, block_named


class TestBlockNames:
    """`block_name` and `block_named`."""

    @pytest.mark.parametrize("block", [PSMBlock, PlainBlock])
    def test_a_class_is_found_again_by_its_name(self, block):
        assert block_named(block_name(block)) is block

    def test_names_of_earlier_versions_are_read(self):
        assert block_named("ipose.layers.psm_block.PSMBlock") is PSMBlock

    def test_a_module_that_is_not_there_is_told_with_the_way_out(self):
        with pytest.raises(
            ConfigError, match=r"block\].*found my_idea:Film .*expected module:Class.*PYTHONPATH=FOLDER"
        ):
            block_named("my_idea:Film")

    def test_a_class_that_is_not_in_its_module_is_told(self):
        with pytest.raises(ConfigError, match=r"psm_block:Film .*no attribute 'Film'"):
            block_named("ipose.layers.psm_block:Film")

    @pytest.mark.parametrize("name", ["os:getcwd", "pathlib:Path", "ipose.layers.psm_block"])
    def test_what_is_no_network_is_not_called(self, name):
        with pytest.raises(ConfigError, match=r"no generator block.*torch\.nn\.Module"):
            block_named(name)

    def test_a_class_within_a_function_is_told_to_move(self):
        class Inside(nn.Module):
            pass

        with pytest.raises(ConfigError, match="Move the class to the top of a module"):
            block_named(block_name(Inside))

    def test_a_factory_that_is_no_class_is_not_taken_for_its_class(self):
        """Given a factory with settings of its own, the name alone would lose them."""
        for factory in (partial(PSMBlock, part_hidden=3), lambda *widths, **more: PSMBlock(*widths, **more)):
            with pytest.raises(ConfigError, match=r"pass the class: IPose\.from_pretrained"):
                block_named(block_name(factory))
