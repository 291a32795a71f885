"""Slices as one array, and where it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from imageid._geometry import Gaps, GeometryError, Mixed, plane_of, stack
from imageid._image import Image

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Volume:
    """A series of parallel slices at even distances.

    Attributes:
        array: shape (slices, rows, columns), its own memory.
        spacing: (z, y, x) in mm: between slices, between rows, between columns.
        origin: of array[0, 0, 0]'s centre, (x, y, z) in mm of the patient (LPS: to the left,
            to the back, to the head).
        direction: 3x3; its columns are the directions in which x, y and z of the array grow.
        image_ids: of the slices, in their order.
    """

    array: NDArray[Any]
    spacing: tuple[float, float, float]
    origin: tuple[float, float, float]
    direction: NDArray[Any]
    image_ids: tuple[str, ...]

    @property
    def affine(self) -> NDArray[Any]:
        """4x4, from (x, y, z, 1) in voxels to (x, y, z, 1) in mm, LPS.

        NIfTI counts to the right and to the front: multiply its first two rows by -1.
        """
        import numpy as np

        affine = np.eye(4)
        affine[:3, :3] = self.direction * self.spacing[::-1]
        affine[:3, 3] = self.origin
        return affine


def volume_of(images: Sequence[Image], mixed: Mixed, gaps: Gaps) -> Volume:
    """Stack images by their geometry.

    Raises:
        GeometryError: they do not make one volume.
        ImportError: numpy is not installed.
    """
    planes = [plane_of(image.metadata, index) for index, image in enumerate(images)]
    found = stack(planes, mixed, gaps)
    slices = [images[index].pixels for index in found.order]
    import numpy as np

    if any(each.ndim != 2 for each in slices):
        raise GeometryError("colour images make no volume of numbers: use load_many")
    if len({_rescaling(images[index]) for index in found.order}) > 1:
        raise GeometryError(
            "the slices' stored values mean different things (RescaleSlope, RescaleIntercept): "
            "load them with values='modality'"
        )
    # Modality values come in the narrowest type of each slice.
    array = np.empty((len(slices), *slices[0].shape), np.result_type(*slices))
    for number, each in enumerate(slices):
        array[number] = each
    ids = tuple(images[index].image_id for index in found.order)
    return Volume(array, found.spacing, found.origin, np.array(found.direction), ids)


def _rescaling(image: Image) -> tuple[float | None, float | None] | None:
    """What turns its samples into modality values; None where they are."""
    metadata = image.metadata
    if metadata is None or metadata.modality_values:
        return None
    return metadata.rescale_slope, metadata.rescale_intercept
