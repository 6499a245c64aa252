"""The whole way from label and instance map to image as one module whose sizes depend on no data, for an export.

Each step has the form that `ipose.partnet.every_channel` and `ipose.shapes.dense_pastes` give it. The result is that of
`IPose`, but for rounding.
"""

import torch
from jaxtyping import Bool, Float, Int64, UInt8
from torch import Tensor, nn

from ipose.data.object_index import OTHER_LABEL
from ipose.errors import ConfigError
from ipose.partnet.every_channel import predict_every_channel
from ipose.partnet.partnet import SupportMemory
from ipose.pipeline.ipose import IPose
from ipose.shapes.crop_geometry import MIN_EXTENT, crop_geometry
from ipose.shapes.dense_pastes import box_pixels, even_boxes, last_writer, paste_densely, pasted_shapes
from ipose.shapes.object_crops import crop_maps


class SceneProgram(nn.Module):
    """Image and part map of scenes, for a model of predicted parts. What PartNet computes of the supports is stored.

    Args:
        model: on the CPU. Its networks are shared, not copied.
    Raises:
        ConfigError: a model that reads no predicted parts, or has no supports.
    """

    keys: Tensor
    values: Tensor
    slot: Tensor
    category: Tensor

    def __init__(self, model: IPose) -> None:
        super().__init__()
        if model.partnet is None or not model.synthesis.needs_partnet:
            raise ConfigError("this model reads no predicted parts", field="parts", found=model.synthesis.parts)
        if not model.supports.categories:
            raise ConfigError("this model has no supports", field="supports", mend="Put them into its supports/.")
        self.generator, self.partnet, self.config = model.generator, model.partnet, model.synthesis
        names = model.supports.categories
        with torch.no_grad():
            memory = model.partnet.encode_supports(model.supports.of(names))
        for name in ("keys", "values", "slot"):
            self.register_buffer(name, getattr(memory, name))
        numbers = {name: number for number, name in enumerate(names)}
        of_class = [numbers.get(item.part_category or "", -1) for item in model.spec.classes]
        self.register_buffer("category", torch.tensor(of_class))

    @property
    def classes_with_parts(self) -> list[int]:
        """Ids of the classes whose objects get parts."""
        return self.category.ge(0).nonzero().flatten().tolist()

    def forward(
        self,
        label: Int64[Tensor, "b h w"],
        instance: Int64[Tensor, "b h w"],
        objects: Int64[Tensor, "n 3"],
        photo_size: Int64[Tensor, "b 2"],
        z: Float[Tensor, "b z"],
        part_noise: Float[Tensor, "b p h0 w0"],
    ) -> tuple[Float[Tensor, "b 3 h w"], UInt8[Tensor, "b h w"]]:
        """Images in [-1, 1], and the inferred part of each pixel.

        Args:
            label: class ids.
            instance: instance ids.
            objects: image, class id and instance id of each object, one or more, in painting order (ascending). A class
                without parts, or -1, writes nothing.
            photo_size: height and width of each photograph before it was resized to the map's size. (1, 1) = it was
                not.
            z: texture noise, standard normal.
            part_noise: structure noise, standard normal.
        """
        image, class_id, _ = objects.unbind(1)
        category = torch.where(class_id >= 0, self.category[class_id.clamp(min=0)], -1)
        masks, alone = self._masks(label, instance, objects)
        boxes = even_boxes(masks)
        large = ((boxes[:, 1::2] - boxes[:, 0::2]) >= MIN_EXTENT).all(1)
        geometry = crop_geometry(boxes, photo_size[image], (label.shape[1], label.shape[2]))
        item = torch.arange(objects.shape[0], device=label.device)
        shapes = crop_maps(masks, item, geometry, outside=0)[:, None].float()
        by_pixel = self.config.paste == "own_pixels"
        written = masks & box_pixels(geometry) if by_pixel else pasted_shapes(shapes, geometry)
        shown = (category >= 0) & large & alone
        owner = last_writer(written & shown[:, None, None], image, label.shape[0])
        memory = SupportMemory(self.keys, self.values, self.slot, self.slot >= 0)
        answer = predict_every_channel(self.partnet, shapes, memory, category.clamp(min=0))
        logits = paste_densely(answer.logits, owner, geometry, mode="nearest")
        parts = logits
        if self.config.part_tensor == "features":
            parts = paste_densely(answer.features, owner, geometry, mode="bilinear")
        part_map = logits.argmax(1)
        mask = (part_map > 0)[:, None].to(z.dtype)
        return self.generator(label, parts, mask, z=z, part_noise=part_noise), part_map.to(torch.uint8)

    def _masks(
        self, label: Tensor, instance: Tensor, objects: Tensor
    ) -> tuple[Bool[Tensor, "n h w"], Bool[Tensor, " n"]]:
        """The pixels of each object, and whether it is the one to be painted of those that share them."""
        image, class_id, number = objects.unbind(1)
        of_class = label[image] == class_id[:, None, None]
        if self.config.object_shape != "instance":
            return of_class & (instance[image] == number[:, None, None]), torch.ones_like(image).bool()
        own = (of_class & (instance[image] == number[:, None, None])).flatten(1).sum(1)
        ids = torch.where(instance <= OTHER_LABEL, OTHER_LABEL - instance, instance)
        same = (image[:, None] == image) & (number[:, None] == number)
        item = torch.arange(objects.shape[0], device=label.device)
        larger = (own > own[:, None]) | ((own == own[:, None]) & (item < item[:, None]))
        return ids[image] == number[:, None, None], ~(same & larger).any(1)
