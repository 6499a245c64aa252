"""The baselines of table 1 for any config: what each of them changes, with widths in the published proportions.

Imports no torch. Source: GroupDNet sec. 3.4 and table 1. Only VSPADE's widths are published; the others are those with
the table's numbers of parameters on DeepFashion (MulNet's: the nearest below it).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, Literal

from ipose.errors import ConfigError
from ipose.groupdnet.presets import PRESETS, GroupDNetConfig, preset


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """How a baseline differs from GroupDNet.

    Args:
        plain_encoder: width of the one encoder for the whole image, over that of a class's encoder. None = the encoder
            keeps its groups.
        decoder: widths of the decoder over GroupDNet's.
        groups: of the decoder: "falling" as GroupDNet's, 1 in all blocks ("one"), or C in all blocks ("all").
        vector: whether the code is one vector, four times as long as GroupDNet's code at a pixel.
    """

    plain_encoder: int | None = None
    decoder: Fraction = Fraction(1)
    groups: Literal["falling", "one", "all"] = "falling"
    vector: bool = False


BASELINES: Mapping[str, Baseline] = {
    "mulnet": Baseline(decoder=Fraction(5, 4), groups="all"),
    "groupnet": Baseline(decoder=Fraction(6, 5), groups="all"),
    "groupenc": Baseline(decoder=Fraction(2, 5), groups="one"),
    "groupdec": Baseline(plain_encoder=3),
    "vspade": Baseline(plain_encoder=2, decoder=Fraction(2, 5), groups="one", vector=True),
}
"""The baselines of table 1 that are GroupDNets with other groups, in the table's order."""


def baseline(config: GroupDNetConfig, name: str, of_preset: str = "") -> GroupDNetConfig:
    """The config of a baseline.

    Args:
        config: GroupDNet's own.
        name: a key of `BASELINES`.
        of_preset: name of the preset that `config` is. If it has this baseline as a preset, that one is taken.
    Raises:
        ConfigError: no such baseline, or groups that do not divide its widths.
    """
    if name not in BASELINES:
        raise ConfigError("no such baseline", field="baseline", found=name, expected=", ".join(BASELINES))
    if f"{of_preset}-{name}" in PRESETS:
        return preset(f"{of_preset}-{name}")
    return replace(config, **_changes(config, BASELINES[name]))


def _changes(config: GroupDNetConfig, of: Baseline) -> dict[str, Any]:
    blocks, classes = len(config.decoder_groups), config.num_classes
    changes: dict[str, Any] = {}
    if of.plain_encoder is not None:
        wide = tuple(width * of.plain_encoder for width in config.encoder_channels)
        changes |= {"class_images": "whole", "encoder_grouped": False, "encoder_channels": wide}
    if of.groups == "one":
        changes |= {"decoder_groups": (1,) * blocks, "first_grouped": False, "modulation": "block"}
    if of.groups == "all":
        changes |= {"decoder_groups": (classes,) * blocks}
    if of.groups != "falling":
        unit = classes if of.groups == "all" else 1
        widths = (max(1, round(width * of.decoder / unit)) * unit for width in config.decoder_channels)
        changes |= {"decoder_channels": tuple(widths)}
    if of.vector:
        changes |= {"code": "vector", "code_channels": 4 * classes * config.code_channels}
    return changes
