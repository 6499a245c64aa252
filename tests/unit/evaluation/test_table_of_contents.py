"""The folder's table of contents."""

import subprocess
import sys

import pytest

import ipose.evaluation


@pytest.mark.parametrize("name", ipose.evaluation.__all__)
def test_every_name_leads_to_something_of_that_name(name):
    assert getattr(ipose.evaluation, name).__name__ == name


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="nonsense"):
        ipose.evaluation.nonsense  # noqa: B018


def test_metrics_do_not_wait_for_matplotlib():
    code = "import sys, ipose.evaluation.part_evaluation as _; print('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"
