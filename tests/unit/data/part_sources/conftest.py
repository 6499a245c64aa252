import platform
from pathlib import Path
from types import SimpleNamespace

import pytest


@pytest.fixture
def public_package(monkeypatch):
    """The public package `panoptic-parts` as an oracle, where somebody has installed it (nothing here needs it)."""
    monkeypatch.setattr(platform, "python_version", lambda: "3.9.0")  # it takes 3.11 for 3.1, and refuses
    package = pytest.importorskip("panoptic_parts", reason="pip install panoptic-parts==2.0rc6 to compare with it")
    from panoptic_parts.specs.dataset_spec import DatasetSpec

    specs = Path(package.__file__).parent / "specs" / "dataset_specs"
    return SimpleNamespace(
        decode_uids=package.decode_uids,
        spec=lambda name: DatasetSpec(str(specs / f"{name}_datasetspec.yaml")),
    )


@pytest.fixture
def same_pairs():
    """Whether two lists hold the same pairs, whatever their order and names; pairs compare by their maps."""

    def compare(found, expected) -> bool:
        def keys(pairs):
            return sorted((p.category, p.shape.numpy().tobytes(), p.part_map.numpy().tobytes()) for p in pairs)

        return len(found) > 0 and keys(found) == keys(expected)

    return compare
