"""Object shapes: crops and their way back, likeness of shapes, and the choice of supports."""

from ipose.shapes.crop_geometry import CropGeometry, crop_geometry, even_box, geometry_of_objects
from ipose.shapes.object_crops import crop_images, crop_maps, crop_object_shapes
from ipose.shapes.object_pastes import NOBODY, own_pixel_owner, paste_objects, pasted_shape_owner

__all__ = [
    "NOBODY",
    "CropGeometry",
    "crop_geometry",
    "crop_images",
    "crop_maps",
    "crop_object_shapes",
    "even_box",
    "geometry_of_objects",
    "own_pixel_owner",
    "paste_objects",
    "pasted_shape_owner",
]
