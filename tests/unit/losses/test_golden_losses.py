"""The losses give the release's numbers; everything is taken from the file."""

from collections.abc import Callable
from typing import Protocol

import pytest
import torch
from torch import Tensor

from ipose.losses import (
    class_weights,
    hinge_d_fake,
    hinge_d_real,
    hinge_g,
    label_mix_loss,
    n_plus_one_loss,
    relaxed_emd,
)


class Golden(Protocol):
    config: dict[str, int]
    tensors: dict[str, Tensor]

    def __getitem__(self, key: str) -> Tensor: ...


@pytest.fixture(scope="module")
def golden(golden_file: Callable[[str], Golden]) -> Golden:
    return golden_file("losses")


def close(found: Tensor, expected: Tensor) -> None:
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-4)


@pytest.fixture(params=["unknown", "no unknown"])
def unknown(request: pytest.FixtureRequest, golden: Golden) -> int | None:
    return golden.config["unknown"] if request.param == "unknown" else None


class TestGoldenLosses:
    """Each number of the file, to 1e-5 absolute and 1e-4 relative."""

    def test_weight_of_every_pixel(self, golden: Golden, unknown: int | None) -> None:
        label = golden["in.label"][:, 0].long()
        weights = class_weights(label, golden.config["semantic_classes"], unknown=unknown)
        expected = golden["out.weight_map" if unknown is not None else "out.weight_map_no_dontcare"]
        close(weights[label][:, None], expected)

    def test_n_plus_one_on_real_pixels(self, golden: Golden, unknown: int | None) -> None:
        loss = n_plus_one_loss(golden["in.logits"], golden["in.label"][:, 0].long(), "real", unknown)
        close(loss, golden["out.real" if unknown is not None else "out.real_no_dontcare"])

    def test_n_plus_one_on_fake_pixels(self, golden: Golden) -> None:
        close(n_plus_one_loss(golden["in.logits"], None, "fake"), golden["out.fake"])

    @pytest.mark.parametrize("loss", [hinge_g, hinge_d_real, hinge_d_fake], ids=lambda loss: loss.__name__)
    def test_hinge(self, golden: Golden, loss: object) -> None:
        assert callable(loss)
        close(loss(golden["in.score"]), golden[f"out.{loss.__name__}"])

    def test_label_mix(self, golden: Golden) -> None:
        logits = (golden[f"in.logits_{which}"] for which in ("mixed", "fake", "real"))
        close(label_mix_loss(golden["in.mask"], *logits), golden["out.labelmix"])

    @pytest.mark.parametrize("case", ["", "_b"])
    def test_style_is_the_relaxed_earth_movers_distance(self, golden: Golden, case: str) -> None:
        close(relaxed_emd(golden[f"in.tokens_fake{case}"], golden[f"in.tokens_real{case}"]), golden[f"out.style{case}"])

    def test_every_output_of_the_file_is_compared(self, golden: Golden) -> None:
        here = "fake real real_no_dontcare weight_map weight_map_no_dontcare labelmix style style_b"
        here += " hinge_g hinge_d_real hinge_d_fake"
        elsewhere = {"out.geometric_score"}  # tests of ipose.shapes
        assert {key for key in golden.tensors if key.startswith("out.")} - elsewhere == {
            f"out.{name}" for name in here.split()
        }
