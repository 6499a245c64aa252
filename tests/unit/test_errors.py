"""Errors say what was found, what was expected, and the way out, in one sentence."""

import pytest

import ipose.errors
from ipose.errors import ConfigError, DataError, IposeError, MissingDependencyError, MissingWeightsError, RunError

KINDS = [kind for kind in vars(ipose.errors).values() if isinstance(kind, type) and issubclass(kind, IposeError)]


class TestSentence:
    """File, field, fault, found, expected, mend: in this order, each only where it is known."""

    def test_everything_that_is_known_is_said_in_order(self):
        error = DataError("wrong id", file="a.png", field="label", found=99, expected="0..18", mend="Fix the map.")
        assert str(error) == "a.png: [label] wrong id: found 99, expected 0..18. Fix the map."

    @pytest.mark.parametrize(
        ("facts", "sentence"),
        [
            ({}, "wrong."),
            ({"found": 0}, "wrong: found 0."),
            ({"expected": "1"}, "wrong: expected 1."),
            ({"mend": "Mend it."}, "wrong. Mend it."),
            ({"found": ""}, "wrong: found ."),
        ],
    )
    def test_what_is_not_known_leaves_no_gap(self, facts, sentence):
        assert str(ConfigError("wrong", **facts)) == sentence

    @pytest.mark.parametrize("message", ["wrong", "wrong.", "wrong.\n", "wrong\n"])
    def test_it_ends_in_one_full_stop(self, message):
        assert str(RunError(message)) == "wrong."

    def test_the_facts_stay_readable_for_programs(self):
        error = DataError("wrong", file="a.png", field="label", found=3, expected=4, mend="Do.")
        facts = (error.message, error.file, error.field, error.found, error.expected, error.mend)
        assert facts == ("wrong", "a.png", "label", 3, 4, "Do.")


class TestKinds:
    """One `except IposeError` catches them all; each is also the built-in kind that a stranger would expect."""

    def test_there_are_many(self):
        assert len(KINDS) > 10

    @pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
    def test_each_can_be_caught_by_the_one_name_and_says_what_it_stands_for(self, kind):
        with pytest.raises(IposeError, match="wrong"):
            raise kind("wrong")
        assert kind.__doc__

    @pytest.mark.parametrize(
        ("kind", "builtin"),
        [(ConfigError, ValueError), (MissingDependencyError, ImportError), (MissingWeightsError, FileNotFoundError)],
    )
    def test_built_in_kinds_catch_them_too(self, kind, builtin):
        with pytest.raises(builtin):
            raise kind("wrong")
