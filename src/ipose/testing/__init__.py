"""Contracts that any implementation must keep, and what it takes to run them: here, and in a stranger's repository.

A contract is a class of tests. Subclass it in a test file, say what to judge, and pytest runs every claim::

    from ipose.testing import RelaxedEMDContract

    class TestMine(RelaxedEMDContract):
        implementation = staticmethod(my_relaxed_emd)  # a class needs no staticmethod

Each claim is of the interface (any idea keeps it) or of the paper's method; ``pytest -k "not paper_method"`` asks for
the interface alone (`ipose.testing.claims`).

A `device` fixture of session scope says where tensors live (``return torch.device("cpu")``), and
``pytest.register_assert_rewrite("ipose.testing")`` in the conftest lets a failed claim show its numbers. A contract's
docstring says how it calls what it judges. `failed_tests` runs one on a planted fault: does it reject wrong versions?

claims           property tests that subclasses inherit, and which claims a wrong version fails
shape_strategies object shapes, soft shapes, scenes          tiny_scenes   a spec and scenes of it, also on disk
tiny_system      a GAN on points, to test loops with         *_contract    the contracts

Needs the extra `test`. Nothing is imported until it is asked for.
"""

from typing import TYPE_CHECKING

from ipose.lazy import lazy_attributes

if TYPE_CHECKING:
    from ipose.testing.cg_block_contract import CGBlockContract, CGNormContract
    from ipose.testing.claims import failed_tests, law
    from ipose.testing.cross_attention_contract import CrossAttentionContract
    from ipose.testing.discriminator_contract import DiscriminatorContract
    from ipose.testing.ganseg_generator_contract import GANSegGeneratorContract
    from ipose.testing.generator_contract import GeneratorContract
    from ipose.testing.geometric_score_contract import GeometricScoreContract
    from ipose.testing.losses_contract import (
        AdversarialLossContract,
        ClassWeightsContract,
        LabelMixLossContract,
        LabelMixMaskContract,
        NPlusOneLossContract,
        NPlusOneLossErrorsContract,
    )
    from ipose.testing.network_contract import NetworkContract
    from ipose.testing.object_crops_contract import ObjectCropsContract, ObjectPastesContract
    from ipose.testing.part_heatmaps_contract import PartHeatmapsContract
    from ipose.testing.part_modulation_contract import PartModulationContract
    from ipose.testing.part_regions_contract import AreaLossContract, ConcentrationLossContract
    from ipose.testing.partnet_contract import PartNetContract
    from ipose.testing.position_descriptor_contract import PositionDescriptorContract
    from ipose.testing.psm_block_contract import PSMBlockContract
    from ipose.testing.relaxed_emd_contract import RelaxedEMDContract
    from ipose.testing.shape_strategies import ObjectScene, coverages, object_scenes, object_shapes
    from ipose.testing.spade_contract import SPADEContract
    from ipose.testing.tiny_scenes import make_scene, write_scenes
    from ipose.testing.tiny_system import TinySource, TinySystem

__all__ = [
    "AdversarialLossContract",
    "AreaLossContract",
    "CGBlockContract",
    "CGNormContract",
    "ClassWeightsContract",
    "ConcentrationLossContract",
    "CrossAttentionContract",
    "DiscriminatorContract",
    "GANSegGeneratorContract",
    "GeneratorContract",
    "GeometricScoreContract",
    "LabelMixLossContract",
    "LabelMixMaskContract",
    "NPlusOneLossContract",
    "NPlusOneLossErrorsContract",
    "NetworkContract",
    "ObjectCropsContract",
    "ObjectPastesContract",
    "ObjectScene",
    "PSMBlockContract",
    "PartHeatmapsContract",
    "PartModulationContract",
    "PartNetContract",
    "PositionDescriptorContract",
    "RelaxedEMDContract",
    "SPADEContract",
    "TinySource",
    "TinySystem",
    "coverages",
    "failed_tests",
    "law",
    "make_scene",
    "object_scenes",
    "object_shapes",
    "write_scenes",
]

__getattr__ = lazy_attributes(__name__, __file__)
