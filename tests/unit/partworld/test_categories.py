"""The classes of PartWorld and their parts, as the paper's table 6 names them."""

from ipose.partworld import vehicles
from ipose.partworld.categories import PARTWORLD
from ipose.partworld.config import NOVEL, PART_NAMES

TABLE_6 = {
    "aeroplane": "body, stern, wing, wheel",
    "bicycle": "wheel, saddle, handlebar, other",
    "bird cat cow dog horse sheep": "head, torso, leg, tail",
    "bottle": "cap, body",
    "bus car truck": "window, wheel, light, license, chassis",
    "motorbike": "wheel, handlebar, saddle, headlight",
    "human": "head, torso, leg, arm",
    "pottedplant": "pot, plant",
    "tvmonitor": "screen, frame",
    "washer": "door glass, door, machine body",
    "stop_sign": "word, octagon",
}


class TestSpec:
    """Stuff first, then object categories; nothing is unknown."""

    def test_names_parts_as_table_6_does(self):
        table = {
            name.replace("_", " "): tuple(parts.split(", "))
            for names, parts in TABLE_6.items()
            for name in names.split()
        }
        assert table == PART_NAMES

    def test_begins_with_the_stuff(self):
        assert [c.name for c in PARTWORLD.classes if not c.thing] == ["sky", "grass", "road", "wall", "water"]
        assert not any(c.thing for c in PARTWORLD.classes[:5])

    def test_serves_every_thing_by_the_supports_of_its_own_name(self):
        assert PARTWORLD.part_categories == tuple(PART_NAMES)
        assert all(c.part_category == (c.name if c.thing else None) for c in PARTWORLD.classes)

    def test_stores_class_ids_as_they_are(self):
        assert [c.file_id for c in PARTWORLD.classes] == list(range(PARTWORLD.num_classes))
        assert PARTWORLD.unknown is None

    def test_has_colours_that_can_be_told_apart(self):
        colors = [c.color for c in PARTWORLD.classes]
        nearest = min(
            sum(abs(x - y) for x, y in zip(a, b, strict=True)) for i, a in enumerate(colors) for b in colors[:i]
        )
        assert nearest >= 25

    def test_has_the_novel_categories_among_at_least_ten_others(self):
        assert set(NOVEL) == {"cat", "stop sign"}
        assert len(set(PART_NAMES) - set(NOVEL)) >= 10


def test_part_ids_of_vehicles_are_those_of_the_parts_names():
    ids = {name: getattr(vehicles, name.upper()) for name in PART_NAMES["car"]}
    assert ids == {name: number for number, name in enumerate(PART_NAMES["car"], start=1)}
