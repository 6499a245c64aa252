"""What IPose answers: an image in [-1, 1], and in bytes where they are asked for."""

import torch

from ipose.pipeline import SceneOutput


def test_the_image_in_bytes():
    image = torch.tensor([-1.0, 0.0, 1.0]).reshape(1, 1, 3).expand(3, 1, 3)
    out = SceneOutput(image, torch.zeros(1, 3, dtype=torch.uint8), torch.zeros(9, 1, 3))
    assert out.image_uint8().dtype == torch.uint8
    assert out.image_uint8()[0, 0].tolist() == [0, 128, 255]
    assert out.edit is None
