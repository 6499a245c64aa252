"""The columns of ablation tables that judge images: the measures of image cards. Imports no torch."""

from ipose.ablations.table import Metric

IMAGE_METRICS = (
    Metric(key="frechet", title="Frechet distance", higher_is_better=False, percent=False, published="FID"),
    Metric(key="kernel", title="Kernel distance", higher_is_better=False, percent=False),
    Metric(
        key="object_frechet",
        title="Object Frechet distance",
        higher_is_better=False,
        percent=False,
        published="object FID",
    ),
    Metric(key="object_kernel", title="Object kernel distance", higher_is_better=False, percent=False),
    Metric(key="miou", title="mIoU", published="mIoU"),
    Metric(key="accuracy", title="Pixel accuracy", published="AC"),
)
"""The titles are the measures of eval cards."""
