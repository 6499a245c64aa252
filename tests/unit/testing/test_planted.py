"""failed_tests says which claims of a contract a wrong version fails, and wastes no time on finding a small example."""

from hypothesis import strategies as st

from ipose.testing.law import law
from ipose.testing.planted import failed_tests


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
