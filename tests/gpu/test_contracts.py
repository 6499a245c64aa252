"""Every contract once more, on a GPU: shapes, layers, PartNet, losses, generator, discriminator."""

import pytest
import torch

from ipose.layers.cross_attention import CrossAttentionBlock
from ipose.layers.part_modulation import PartModulation
from ipose.layers.psm_block import PSMBlock
from ipose.layers.spade import SPADE
from ipose.losses import class_weights, label_mix_loss, label_mix_mask, n_plus_one_loss, relaxed_emd
from ipose.losses.adversarial import adversarial_loss
from ipose.partnet.partnet import PartNet
from ipose.reference import adversarial as adversarial_reference
from ipose.shapes import (
    crop_object_shapes,
    geometric_score,
    geometric_score_matrix,
    paste_objects,
    pasted_shape_owner,
    position_descriptor,
)
from ipose.synthesis.discriminator import Discriminator
from ipose.synthesis.generator import Generator
from ipose.testing import (
    AdversarialLossContract,
    ClassWeightsContract,
    CrossAttentionContract,
    DiscriminatorContract,
    GeneratorContract,
    GeometricScoreContract,
    LabelMixLossContract,
    LabelMixMaskContract,
    NetworkContract,
    NPlusOneLossContract,
    NPlusOneLossErrorsContract,
    ObjectCropsContract,
    ObjectPastesContract,
    PartModulationContract,
    PartNetContract,
    PositionDescriptorContract,
    PSMBlockContract,
    RelaxedEMDContract,
    SPADEContract,
)
from ipose.testing.discriminator_contract import CLASSES
from ipose.testing.partnet_contract import blocky_part_map, tiny_config


@pytest.fixture(autouse=True)
def on_the_gpu(device):
    """Contracts that build before they ask for a device skip here, where there is none."""


class TestGeometricScore(GeometricScoreContract):
    implementation = staticmethod(geometric_score)


class TestGeometricScoreMatrix(GeometricScoreContract):
    implementation = staticmethod(lambda a, b: geometric_score_matrix(a[None], b[None])[0, 0])


class TestObjectCrops(ObjectCropsContract):
    @staticmethod
    def crop(scene, side):
        ids = scene.class_ids, scene.instance_ids, scene.image_index
        return crop_object_shapes(scene.label, scene.instance, *ids, scene.geometry, crop_size=side)


class TestObjectPastes(ObjectPastesContract):
    @staticmethod
    def paste(features, shapes, scene, mode):
        owner = pasted_shape_owner(shapes.float(), scene.image_index, scene.geometry, scene.label.shape[0])
        return paste_objects(features, owner, scene.geometry, mode=mode)


class TestCrossAttentionBlock(CrossAttentionContract):
    implementation = CrossAttentionBlock


class TestSPADE(SPADEContract):
    implementation = SPADE


class TestPartModulation(PartModulationContract):
    implementation = PartModulation


class TestPositionDescriptor(PositionDescriptorContract):
    implementation = staticmethod(position_descriptor)


class TestPSMBlock(PSMBlockContract):
    implementation = PSMBlock


class TestPartNet(PartNetContract):
    implementation = PartNet


class TestPartNetIsANetwork(NetworkContract):
    def make(self):
        return PartNet(tiny_config())

    def inputs(self, batch):
        generator = torch.Generator().manual_seed(batch)
        part_maps = torch.stack([blocky_part_map(generator) for _ in range(batch * 3)])
        return (part_maps[:batch, None] > 0).float(), part_maps[batch:].unflatten(0, (batch, 2))


class TestClassWeights(ClassWeightsContract):
    implementation = staticmethod(class_weights)


class TestNPlusOneLoss(NPlusOneLossContract, NPlusOneLossErrorsContract):
    implementation = staticmethod(n_plus_one_loss)


class TestLabelMixMask(LabelMixMaskContract):
    implementation = staticmethod(label_mix_mask)


class TestLabelMixLoss(LabelMixLossContract):
    implementation = staticmethod(label_mix_loss)


class TestHinge(AdversarialLossContract):
    implementation = adversarial_loss("hinge")
    reference = (
        adversarial_reference.hinge_g,
        adversarial_reference.hinge_d_real,
        adversarial_reference.hinge_d_fake,
    )


class TestLog(AdversarialLossContract):
    implementation = adversarial_loss("log")
    reference = (adversarial_reference.log_g, adversarial_reference.log_d_real, adversarial_reference.log_d_fake)


class TestRelaxedEMD(RelaxedEMDContract):
    implementation = staticmethod(relaxed_emd)


class TestGenerator(GeneratorContract):
    implementation = Generator


class TestDiscriminator(DiscriminatorContract):
    def build(self):
        torch.manual_seed(0)
        return Discriminator(CLASSES, (3, 4, 4, 6, 8), last_decoder_channels=5)
