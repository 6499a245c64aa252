"""Object shapes: crops and pastes, likeness of shapes, the choice of supports, and the position descriptor."""

from ipose.shapes.crop_geometry import CropGeometry, crop_geometry, even_box, geometry_of_objects
from ipose.shapes.geometric_score import geometric_score, geometric_score_matrix
from ipose.shapes.object_crops import crop_images, crop_maps, crop_object_shapes
from ipose.shapes.object_pastes import NOBODY, own_pixel_owner, paste_objects, pasted_shape_owner
from ipose.shapes.position_descriptor import PositionBins, outer_contour, position_descriptor
from ipose.shapes.supports import choose_supports

__all__ = [
    "NOBODY",
    "CropGeometry",
    "PositionBins",
    "choose_supports",
    "crop_geometry",
    "crop_images",
    "crop_maps",
    "crop_object_shapes",
    "even_box",
    "geometric_score",
    "geometric_score_matrix",
    "geometry_of_objects",
    "outer_contour",
    "own_pixel_owner",
    "paste_objects",
    "pasted_shape_owner",
    "position_descriptor",
]
