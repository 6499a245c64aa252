"""How the modulation by the label map is split into groups: the three published rules, and the widths that they allow.

Torch-free. Source: GroupDNet sec. 3.3. The numbers of each data set are those of the authors' release.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from ipose.errors import ConfigError

ModulationRule = Literal["block", "class", "class_to_block"]


class ModulationWidths(NamedTuple):
    """Widths and groups of one CG-Norm.

    Args:
        hidden: width of the shared convolution.
        shared_groups: groups of the shared convolution.
        groups: groups of the convolutions for gamma and beta.
    """

    hidden: int
    shared_groups: int
    groups: int


@dataclass(frozen=True)
class Modulation:
    """How every CG-Norm of a decoder is grouped.

    Args:
        num_classes: C.
        rule: "block" = everything in the groups of the block, `hidden` wide (DeepFashion; the paper). "class" =
            everything in C groups, C times the block's groups wide (Cityscapes). "class_to_block" = first C groups,
            then the block's groups; 2C wide if they divide C, else C times the block's groups (ADE20K).
        hidden: width for the rule "block".
        edges: whether each class has the edge map beside it (Cityscapes): 2C channels in place of C.
    """

    num_classes: int
    rule: ModulationRule = "block"
    hidden: int = 128
    edges: bool = False

    @property
    def map_channels(self) -> int:
        """Channels of the label tensor."""
        return self.num_classes * (2 if self.edges else 1)

    def widths(self, groups: int) -> ModulationWidths:
        """Widths and groups in a block with this number of groups."""
        classes = self.num_classes
        if self.rule == "block":
            return ModulationWidths(self.hidden, groups, groups)
        if self.rule == "class":
            return ModulationWidths(classes * groups, classes, classes)
        hidden = 2 * classes if classes % groups == 0 else classes * groups
        return ModulationWidths(hidden, classes, groups)


def check_groups(channels: tuple[int, ...], groups: tuple[int, ...], modulation: Modulation) -> None:
    """Check that the groups of each block divide all its widths.

    Args:
        channels: width before the first block, then after each block.
        groups: of each block.
        modulation: of every CG-Norm.
    Raises:
        ConfigError: names the block, the width and the groups that do not divide it.
    """
    if len(channels) != len(groups) + 1:
        message = "the decoder needs one group number a block, and one width more"
        found = f"{len(groups)} groups for {len(channels)} widths"
        raise ConfigError(message, field="decoder_groups", found=found, expected=f"{len(channels) - 1} groups")
    for i, count in enumerate(groups):
        if count < 1:
            raise ConfigError("a group number below 1", field="decoder_groups", found=groups, expected="1 or more each")
        for what, width, parts in _splits(channels[i], channels[i + 1], count, modulation):
            if width % parts:
                raise ConfigError(
                    f"block {i + 1} of the decoder ({channels[i]} to {channels[i + 1]} channels, {count} groups) "
                    f"cannot be split: {what} has {width} channels, which {parts} groups do not divide",
                    field="decoder_groups",
                    found=groups,
                    mend=f"Take a group number that divides them, or widths that are multiples of {parts}; "
                    f"num_classes is {modulation.num_classes}.",
                )


def _splits(fin: int, fout: int, groups: int, modulation: Modulation) -> Iterator[tuple[str, int, int]]:
    """(name, channels, groups) of everything that a block splits."""
    hidden, shared_groups, modulated_groups = modulation.widths(groups)
    for what, width in (("its input", fin), ("its middle", min(fin, fout)), ("its output", fout)):
        yield what, width, groups
    yield "the label map", modulation.map_channels, shared_groups
    yield "the hidden layer of its CG-Norms", hidden, shared_groups
    yield "the hidden layer of its CG-Norms", hidden, modulated_groups
    for what, width in (("the CG-Norm of its input", fin), ("the CG-Norm of its middle", min(fin, fout))):
        yield what, width, modulated_groups
