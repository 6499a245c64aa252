"""Landmarks predicted from unsupervised parts, by least squares from the parts' centres (GANSeg sec. 4)."""

import torch
from jaxtyping import Float, Integer
from torch import Tensor

from ipose.data.photo_files import MISSING
from ipose.errors import DataError


def soft_part_centres(logits: Float[Tensor, "b c h w"], image_size: int = 128) -> Float[Tensor, "b k 2"]:
    """(row, column) of each part in pixels: the mean position of its probability. Channel 0, background, is left out.

    Source: GANSeg's release: softmax over all channels, divided by the part's sum + 1e-6, the pixels of an axis at
    equally spaced values from 0 to `image_size`, both included.
    """
    weight = logits.softmax(1)[:, 1:]
    weight = weight / (weight.sum((2, 3), keepdim=True) + 1e-6)
    rows, columns = (
        torch.linspace(0, image_size, n, dtype=logits.dtype, device=logits.device) for n in weight.shape[2:]
    )
    return torch.stack([weight.sum(3) @ rows, weight.sum(2) @ columns], dim=-1)


def landmark_error(
    fit_centres: Float[Tensor, "m k 2"],
    fit_landmarks: Float[Tensor, "m l 2"],
    test_centres: Float[Tensor, "n k 2"],
    test_landmarks: Float[Tensor, "n l 2"],
    *,
    bias: bool = False,
) -> float:
    """CelebA: linear regression of landmarks from part centres. Mean distance, divided by the distance of the eyes.

    Source: GANSeg's release: normal equations (identity added only if singular), without bias. Landmarks 0 and 1 are
    the eyes. The paper reports 0.0618 with 8 parts.

    Args:
        fit_centres: of the images that the regression is fitted on.
        fit_landmarks: true landmarks of these images.
        test_centres: of the images that the error is of.
        test_landmarks: true landmarks of these images.
        bias: fit a constant too.
    Raises:
        DataError: both eyes of an image are one point.
    """
    weights = _least_squares(_columns(fit_centres, bias), fit_landmarks.flatten(1).double())
    predicted = (_columns(test_centres, bias) @ weights).view(test_landmarks.shape)
    truth = test_landmarks.double()
    distances = (predicted - truth).norm(dim=-1)
    eyes = (truth[:, 0] - truth[:, 1]).norm(dim=-1)
    if not bool((eyes > 0).all()):
        raise DataError("landmarks 0 and 1 (the eyes) are one point", mend="Leave these images out.")
    return float((distances / eyes[:, None]).mean())


def taichi_error(
    fit_centres: Float[Tensor, "m k 2"],
    fit_landmarks: Float[Tensor, "m l 2"],
    test_centres: Float[Tensor, "n k 2"],
    test_landmarks: Float[Tensor, "n l 2"],
    *,
    distance: bool = False,
) -> float:
    """Taichi: sum over landmarks of the mean error of a regression with bias, in original pixels.

    Source: GANSeg's release: one regression for each of the 2 l coordinates, on the samples that have it (not -1). The
    sum of the mean absolute errors, each over the test samples that have the coordinate. The paper reports 417.17.

    Args:
        fit_centres, fit_landmarks, test_centres, test_landmarks: as in `landmark_error`.
        distance: use the mean L2 distance of each landmark, as the paper words it, in place of two absolute errors.
    """
    residuals = _residuals(fit_centres, fit_landmarks, test_centres, test_landmarks, bias=True)
    errors = residuals.norm(dim=-1) if distance else residuals.flatten(1).abs()
    return float(errors.nanmean(0).nansum())


def edge_length_error(
    fit_centres: Float[Tensor, "m k 2"],
    fit_landmarks: Float[Tensor, "m l 2"],
    test_centres: Float[Tensor, "n k 2"],
    test_landmarks: Float[Tensor, "n l 2"],
    *,
    edge: int,
    bias: bool = True,
) -> float:
    """CUB: mean distance of landmarks by linear regression from part centres, divided by the image's edge length.

    Source: GANSeg sec. 4, which reports 0.0323 by the protocol of its reference [34]. Ours: a regression for each
    coordinate on the photographs that show the landmark, as for Taichi. All visible test landmarks count alike.

    Args:
        fit_centres, fit_landmarks, test_centres, test_landmarks: as in `landmark_error`, -1 = not visible.
        edge: side of the image, in pixels of the landmarks.
        bias: fit a constant too.
    Raises:
        DataError: no landmark is visible both in fitted and in test photographs.
    """
    residuals = _residuals(fit_centres, fit_landmarks, test_centres, test_landmarks, bias=bias)
    error = float(residuals.norm(dim=-1).nanmean() / edge)
    if error != error:
        raise DataError(
            "no landmark is visible both where it is fitted and where it is judged", mend="Judge on more photographs."
        )
    return error


def foreground_iou(predicted: Integer[Tensor, "n h w"], foreground: Integer[Tensor, "n h w"]) -> float:
    """Intersection over union of what is not background (0): the mean over the images.

    Source: GANSeg's release: intersection / (union + 1e-6), so two empty masks give 0.
    """
    ours, true = predicted != 0, foreground != 0
    shared, either = (ours & true).flatten(1).sum(1).double(), (ours | true).flatten(1).sum(1).double()
    return float((shared / (either + 1e-6)).mean())


def _residuals(
    fit_centres: Float[Tensor, "m k 2"],
    fit_landmarks: Float[Tensor, "m l 2"],
    test_centres: Float[Tensor, "n k 2"],
    test_landmarks: Float[Tensor, "n l 2"],
    *,
    bias: bool,
) -> Float[Tensor, "n l 2"]:
    """Predicted minus true test coordinates, by one regression for each coordinate. NaN for a missing coordinate."""
    x, tested = _columns(fit_centres, bias), _columns(test_centres, bias)
    fit, truth = fit_landmarks.flatten(1).double(), test_landmarks.flatten(1).double()
    residuals = torch.full_like(truth, float("nan"))
    for i in range(fit.shape[1]):
        known, asked = fit[:, i] != MISSING, truth[:, i] != MISSING
        if known.any():
            residuals[asked, i] = (
                tested[asked] @ _least_squares(x[known], fit[known, i : i + 1])[:, 0] - truth[asked, i]
            )
    return residuals.view(test_landmarks.shape)


def _columns(centres: Tensor, bias: bool) -> Tensor:
    flat = centres.flatten(1).double()
    return torch.cat([flat, flat.new_ones(len(flat), 1)], dim=1) if bias else flat


def _least_squares(x: Tensor, y: Tensor) -> Tensor:
    """(x^T x)^-1 x^T y. The identity is added to x^T x if it is singular."""
    gram = x.T @ x
    if torch.linalg.matrix_rank(gram) < len(gram):
        gram = gram + torch.eye(len(gram), dtype=gram.dtype, device=gram.device)
    weights: Tensor = torch.linalg.solve(gram, x.T @ y)
    return weights
