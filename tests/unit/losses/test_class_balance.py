"""class_weights: the contract, and what it refuses."""

import pytest
import torch

from ipose.errors import ShapeMismatchError
from ipose.losses import class_weights
from ipose.reference import class_balance
from ipose.testing.losses_contract import ClassWeightsContract


class TestClassWeights(ClassWeightsContract):
    implementation = staticmethod(class_weights)

    @pytest.mark.parametrize("wrong", [-1, 3])
    def test_a_class_outside_the_spec_is_named(self, wrong: int) -> None:
        with pytest.raises(ShapeMismatchError, match=rf"found {wrong}, expected 0\.\.2"):
            class_weights(torch.tensor([[[0, wrong]]]), 3)


class TestReferenceClassWeights(ClassWeightsContract):
    implementation = staticmethod(class_balance.class_weights)
