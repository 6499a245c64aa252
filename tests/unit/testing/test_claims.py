"""Every claim of a contract is of the interface or of the paper's method, and a failed one says which."""

import inspect
import traceback

import pytest
import torch
from hypothesis import strategies as st

import ipose.testing
from ipose.layers.injection_blocks import ConcatInjectionBlock, PlainBlock, SpadeInjectionBlock
from ipose.testing import PartModulationContract, PSMBlockContract, RelaxedEMDContract, failed_tests, law
from ipose.testing.claims import claims

CONTRACTS = [getattr(ipose.testing, name) for name in ipose.testing.__all__ if name.endswith("Contract")]


def of_kind(contract, kind):
    return {claim.test for claim in claims(contract) if claim.kind == kind}


class TestKinds:
    """`interface` and `paper_method`."""

    @pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.__name__)
    def test_every_claim_of_every_contract_has_one(self, contract):
        tests = {name for name, _ in inspect.getmembers(contract, inspect.isfunction) if name.startswith("test_")}
        assert {claim.test for claim in claims(contract)} == tests
        assert all(claim.words for claim in claims(contract))

    def test_no_claim_has_both(self):
        for contract in CONTRACTS:
            assert not of_kind(contract, "interface") & of_kind(contract, "paper_method")

    @pytest.mark.parametrize("block", [SpadeInjectionBlock, ConcatInjectionBlock, PlainBlock])
    def test_every_block_of_table_3_keeps_the_interface_and_leaves_the_method(self, block):
        failed = failed_tests(PSMBlockContract, block)
        assert not failed & of_kind(PSMBlockContract, "interface")
        assert failed & of_kind(PSMBlockContract, "paper_method")


class TestWordsOfAFailure:
    """A failed claim says what was expected, which kind it is, and what to do."""

    def said(self, contract, implementation, test):
        case = type("Planted", (contract,), {"implementation": staticmethod(implementation)})()
        try:
            getattr(case, test)(device=torch.device("cpu"))
        except Exception as error:  # contracts fail by AssertionError or by what a planted fault raises
            return "".join(traceback.format_exception_only(error))
        raise AssertionError("the planted fault passed")

    def test_of_the_method(self):
        test = "test_opposite_tokens_are_2_apart"
        said = self.said(RelaxedEMDContract, lambda a, b: (a.mean() - b.mean()).square(), test)
        assert "A claim of the paper's method does not hold. Opposite tokens are 2 apart: tokens are" in said
        assert 'pytest -k "not paper_method"' in said

    def test_of_the_interface(self):
        said = self.said(RelaxedEMDContract, lambda a, b: a.mean() - b.mean() + 1, "test_is_zero_on_permuted_copies")
        assert "A claim of the interface does not hold. Is zero on permuted copies." in said

    def test_a_gamma_for_each_channel_leaves_a_claim_with_a_name(self):
        words = {claim.test: claim.words for claim in claims(PartModulationContract) if claim.kind == "paper_method"}
        said = words["test_gamma_and_beta_have_one_channel_shared_by_all_features"]
        assert said.endswith("gamma and beta have one value a pixel, for all channels (iPOSE sec. 3.2)")


class DoublingContract:
    """`implementation(number)` is twice the number."""

    implementation = None
    most = 100
    calls = ()

    @law(number=st.integers(-50, 50))
    def test_is_even(self, device, number):
        assert self.implementation(number) % 2 == 0

    @law(number=st.integers(1, 50))
    def test_is_more(self, device, number):
        assert self.implementation(number) > number

    def test_by_hand(self, device):
        assert self.implementation(21) == 42

    def test_is_no_more_than_the_most(self, device):
        assert self.implementation(40) <= self.most

    def helper(self):
        raise AssertionError("no test")


class TestFailedTests:
    """failed_tests(contract, implementation, **attributes): the names of the claims that fail."""

    def test_of_the_right_version_none_fails(self):
        assert failed_tests(DoublingContract, lambda number: 2 * number) == set()

    def test_of_a_wrong_one_exactly_those_that_it_breaks(self):
        assert failed_tests(DoublingContract, lambda number: 2 * number + 2) == {"test_by_hand"}
        assert failed_tests(DoublingContract, abs) == {"test_is_even", "test_is_more", "test_by_hand"}

    def test_an_error_fails_a_claim_too(self):
        assert len(failed_tests(DoublingContract, lambda number: 1 // 0)) == 4

    def test_attributes_are_the_contracts_own(self):
        assert failed_tests(DoublingContract, lambda number: 2 * number, most=79) == {"test_is_no_more_than_the_most"}

    def test_a_class_is_held_as_it_is(self):
        class Doubled(int):
            def __new__(cls, number):
                return super().__new__(cls, 2 * number)

        assert failed_tests(DoublingContract, Doubled) == set()

    def test_a_law_ends_at_its_first_counterexample(self):
        """Given a claim that many lists break, hypothesis does not look for the smallest of them."""

        class SumContract:
            @law(numbers=st.lists(st.integers(0, 10**6), min_size=5, max_size=20))
            def test_sum_is_small(self, device, numbers):
                asked.append(numbers)
                assert sum(numbers) < 1000 + self.implementation

        asked = []
        assert failed_tests(SumContract, 234) == {"test_sum_is_small"}
        assert len(asked) < 40  # 15 examples at most, and a few repetitions; looking for the smallest takes hundreds


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
