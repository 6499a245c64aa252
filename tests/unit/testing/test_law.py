"""law: hypothesis tests that subclasses inherit."""

import pytest
from hypothesis import strategies as st

from ipose.testing import law


class SymmetryContract:
    implementation = None

    @law(a=st.integers(), b=st.integers())
    def test_the_order_does_not_matter(self, device, a, b):
        assert self.implementation(a, b) == self.implementation(b, a)


class TestSum(SymmetryContract):
    """One subclass."""

    implementation = staticmethod(lambda a, b: a + b)


class TestLargest(SymmetryContract):
    """Another one, which hypothesis takes for a different executor of the same test."""

    implementation = staticmethod(max)


class TestLaw:
    """What `law` makes of a method."""

    def test_a_wrong_subclass_fails(self, device):
        case = type("Planted", (SymmetryContract,), {"implementation": staticmethod(lambda a, b: a - b)})()
        with pytest.raises(AssertionError):
            case.test_the_order_does_not_matter(device=device)

    def test_many_values_are_tried_and_fixtures_come_by_name(self):
        seen = []

        class Case:
            @law(number=st.integers(0, 10**6))
            def test(self, device, number):
                seen.append((device, number))

        Case().test(device="here")
        assert len({number for _, number in seen}) > 5
        assert {device for device, _ in seen} == {"here"}
