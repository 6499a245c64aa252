"""All reading and writing of scenes, part pairs, supports and specs, guarded at the door; and PartWorld.

Nothing is imported until it is asked for.
"""

from typing import TYPE_CHECKING

from ipose.lazy import lazy_attributes

if TYPE_CHECKING:
    from ipose.data.augment import augment_pair, augment_pairs, flip_scene
    from ipose.data.diagnosis import Diagnosis
    from ipose.data.doctor import examine, guard
    from ipose.data.faults import Fault
    from ipose.data.object_index import index_objects
    from ipose.data.part_names import PART_NAMES, part_names_for
    from ipose.data.part_pairs import pairs_from_scenes, read_part_tree, write_part_tree
    from ipose.data.part_sources.recognise import open_part_source
    from ipose.data.png import read_index, read_photo, write_index, write_photo
    from ipose.data.scene_folder import SceneFolder, write_scene_folder
    from ipose.data.scene_maps import load_scene
    from ipose.data.specs import DatasetSpec, dataset_toml, load_dataset_spec, load_spec, spec_names
    from ipose.data.support_folder import check_supports, load_supports, save_supports

_HOME: dict[str, tuple[str, ...]] = {
    "augment": ("augment_pair", "augment_pairs", "flip_scene"),
    "diagnosis": ("Diagnosis",),
    "doctor": ("examine", "guard"),
    "faults": ("Fault",),
    "object_index": ("index_objects",),
    "part_names": ("PART_NAMES", "part_names_for"),
    "part_pairs": ("pairs_from_scenes", "read_part_tree", "write_part_tree"),
    "part_sources.recognise": ("open_part_source",),
    "png": ("read_index", "read_photo", "write_index", "write_photo"),
    "scene_folder": ("SceneFolder", "write_scene_folder"),
    "scene_maps": ("load_scene",),
    "specs": ("DatasetSpec", "dataset_toml", "load_dataset_spec", "load_spec", "spec_names"),
    "support_folder": ("check_supports", "load_supports", "save_supports"),
}

__all__ = [
    "PART_NAMES",
    "DatasetSpec",
    "Diagnosis",
    "Fault",
    "SceneFolder",
    "augment_pair",
    "augment_pairs",
    "check_supports",
    "dataset_toml",
    "examine",
    "flip_scene",
    "guard",
    "index_objects",
    "load_dataset_spec",
    "load_scene",
    "load_spec",
    "load_supports",
    "open_part_source",
    "pairs_from_scenes",
    "part_names_for",
    "read_index",
    "read_part_tree",
    "read_photo",
    "save_supports",
    "spec_names",
    "write_index",
    "write_part_tree",
    "write_photo",
    "write_scene_folder",
]

__getattr__ = lazy_attributes(__name__, _HOME)
