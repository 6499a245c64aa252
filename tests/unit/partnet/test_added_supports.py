"""More part categories for a trained PartNet: names and all, whole or not at all."""

import json

import pytest
import torch

from ipose.data.support_folder import save_supports
from ipose.errors import RunError, SupportError
from ipose.model_folder import open_model
from ipose.part_annotations import SupportSet
from ipose.partnet.added_supports import add_supports
from ipose.partnet.partnet import PartNet
from ipose.partnet.pretrained import load_partnet, save_partnet
from ipose.testing.partnet_contract import blocky_part_map, tiny_config


def maps(count, first=0):
    return torch.stack([blocky_part_map(torch.Generator().manual_seed(first + i), parts=2) for i in range(count)])


@pytest.fixture
def model(tmp_path):
    torch.manual_seed(0)
    partnet = PartNet(tiny_config(attention_blocks=1, multi_scale=False))
    save_partnet(tmp_path / "run" / "model", partnet, SupportSet({"sign": ("word", "plate")}, {"sign": maps(2)}))
    return tmp_path / "run"


def drawings(folder, category="mushroom", count=2, names=("cap", "stem")):
    save_supports(SupportSet({category: names}, {category: maps(count, 5)}), folder)
    return folder


def content(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


class TestAddSupports:
    """`add_supports`."""

    def test_drawings_join_with_their_names_and_nothing_else_changes(self, model, tmp_path):
        before = content(model)
        added = add_supports(model, drawings(tmp_path / "drawn"))
        found = load_partnet(model).supports
        assert set(found.categories) == set(added.categories) == {"mushroom", "sign"}
        assert found.part_names["mushroom"] == ("cap", "stem")
        assert torch.equal(found.part_maps["mushroom"], maps(2, 5))
        assert torch.equal(found.part_maps["sign"], maps(2))
        changed = {path.as_posix() for path, data in content(model).items() if before.get(path) != data}
        drawn = ("supports.json", "mushroom/01_part.png", "mushroom/02_part.png")
        assert changed == {f"model/supports/{name}" for name in drawn}

    def test_where_its_drawings_come_from_is_kept(self, model, tmp_path):
        file = model / "model" / "supports" / "supports.json"
        file.write_text(json.dumps({**json.loads(file.read_text()), "provenance": {"how": "by hand"}}))
        add_supports(model, drawings(tmp_path / "drawn"))
        assert json.loads(file.read_text())["provenance"] == {"how": "by hand"}

    @pytest.mark.parametrize(
        ("drawn", "said"),
        [
            ({"category": "sign"}, r"\[sign\] the model has supports of this category already: found sign"),
            ({"count": 3}, "another number of drawings than the model has: found 3 of each, expected 2 of each"),
        ],
    )
    def test_what_does_not_fit_is_refused_and_leaves_the_model_as_it_was(self, model, tmp_path, drawn, said):
        before = content(model)
        with pytest.raises(SupportError, match=said):
            add_supports(model, drawings(tmp_path / "drawn", **drawn))
        assert content(model) == before

    def test_a_failure_on_the_way_leaves_the_model_as_it_was(self, model, tmp_path, monkeypatch):
        before = content(model)

        def fail(*_, **__):
            raise OSError("disk full")

        monkeypatch.setattr("ipose.partnet.added_supports.save_supports", fail)
        with pytest.raises(OSError, match="disk full"):
            add_supports(model, drawings(tmp_path / "drawn"))
        assert content(model) == before

    def test_a_model_that_reads_no_supports_is_refused(self, model, tmp_path):
        config = model / "model" / "config.json"
        fields = {name: value for name, value in json.loads(config.read_text()).items() if name != "partnet_config"}
        config.write_text(json.dumps(fields))
        with pytest.raises(RunError, match="no PartNet, so it reads no supports"):
            add_supports(model, drawings(tmp_path / "drawn"))

    def test_a_class_of_the_drawings_name_has_their_parts(self, model, tmp_path):
        (model / "model" / "dataset.toml").write_text(
            'name = "mine"\n[[classes]]\nid = 0\nname = "mushroom"\nthing = true\n'
            '[[classes]]\nid = 1\nname = "sign"\nthing = true\n'
        )
        add_supports(model, drawings(tmp_path / "drawn"))
        assert [item.part_category for item in open_model(model).spec().classes] == ["mushroom", None]

    def test_drawings_without_names_have_those_of_the_models_data_set(self, model, tmp_path):
        (model / "model" / "dataset.toml").write_text(
            'name = "mine"\n[[classes]]\nid = 0\nname = "mushroom"\nthing = true\npart_category = "mushroom"\n'
            '[parts]\nmushroom = ["hat", "foot"]\n'
        )
        folder = drawings(tmp_path / "drawn")
        (folder / "supports.json").unlink()
        assert add_supports(model, folder).part_names["mushroom"] == ("hat", "foot")
        assert '"mushroom" = ["hat", "foot"]' in (open_model(model).path / "dataset.toml").read_text()
