"""No golden file, and no output in one, goes unread."""

from pathlib import Path

import pytest
import torch

from helpers.golden_files import Golden, assert_all_outputs, read_golden, write_golden

TESTS = Path(__file__).parents[2]


def test_every_golden_file_is_read_by_a_golden_test(golden_folder):
    sources = "\n".join(file.read_text(encoding="utf-8") for file in TESTS.rglob("test_golden_*.py"))
    unread = [file.name for file in golden_folder.glob("*.safetensors") if f'"{file.stem}"' not in sources]
    assert not unread


class TestAllOutputsOfAGoldenFile:
    """`assert_all_outputs` lets a file pass when each of its outputs is computed here, and close."""

    def test_passes_what_is_equal(self):
        assert_all_outputs(golden_of(1.0), {"x": torch.tensor(1.0), "more": torch.zeros(2)})

    @pytest.mark.parametrize("wrong", [1.01, float("nan")])
    def test_fails_on_another_number(self, wrong):
        with pytest.raises(AssertionError, match="x: "):
            assert_all_outputs(golden_of(1.0), {"x": torch.tensor(wrong)})

    @pytest.mark.parametrize(("largest", "off"), [(1000.0, 0.005), (1.0, 5e-6), (1e-3, 5e-9)])
    def test_a_number_may_be_off_by_rounding_of_the_largest(self, largest, off):
        assert_all_outputs(golden_of([largest, 0.0]), {"x": torch.tensor([largest, off])})

    @pytest.mark.parametrize(("largest", "off"), [(1000.0, 0.02), (1.0, 2e-5), (1e-3, 2e-8)])
    def test_and_no_further(self, largest, off):
        with pytest.raises(AssertionError, match="x: "):
            assert_all_outputs(golden_of([largest, 0.0]), {"x": torch.tensor([largest, off])})

    def test_what_should_be_zero_may_be_rounding(self):
        assert_all_outputs(golden_of([0.0, 0.0]), {"x": torch.tensor([0.0, 5e-9])})

    def test_fails_on_another_shape(self):
        with pytest.raises(AssertionError, match="x: "):
            assert_all_outputs(golden_of(1.0), {"x": torch.ones(1)})

    def test_fails_on_an_output_that_nothing_computes(self):
        with pytest.raises(AssertionError, match="x: nothing here computes it"):
            assert_all_outputs(golden_of(1.0), {"y": torch.tensor(1.0)})

    def test_fails_on_a_file_without_outputs(self):
        with pytest.raises(AssertionError, match="no outputs"):
            assert_all_outputs(Golden({}, {"in.x": torch.zeros(1)}), {})


def test_a_golden_file_reads_back_as_written(tmp_path):
    write_golden(tmp_path / "deep" / "a.safetensors", golden_of(2.0))
    found = read_golden(tmp_path / "deep" / "a.safetensors")
    assert found.config == {"n": 3}
    assert found.outputs["x"].item() == 2.0
    assert found.state == {}


def golden_of(value):
    return Golden({"n": 3}, {"in.x": torch.zeros(1), "out.x": torch.tensor(value)})
