"""From a file of stored values to one of other values or colours."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from imageid_daemon.pixels import (
    decoding,
    domain,
    modality,
    padding,
    photometric,
    sample_file,
)
from imageid_daemon.pixels.boundary import refusing
from imageid_daemon.pixels.description import (
    Description,
    ImageMetadata,
    PixelsOptions,
    Tables,
    Written,
)
from imageid_loaders.errors import InvalidOption, Undecodable, Unsupported

Samples = NDArray[Any]


def transform(
    pixels_path: str, description: Description, options: PixelsOptions, target_path: str
) -> Written:
    """See `imageid_daemon.pixels.transform`."""
    with refusing("transformed"):
        samples, described = open_samples(pixels_path, description), description.metadata
        if options.color != "stored":
            samples, described = ybr_to_rgb(samples, described)
        if options.color == "rgb":
            check_colors(described)
            samples, described = palette_to_rgb(samples, described, description.tables)
        if options.values != "modality" or not is_grey(described):
            return decoding.write(samples, described, None, target_path)
        values, measured = _modality_values(samples, described, description.tables)
        described = msgspec.structs.replace(described, modality_values=True)
        return decoding.write(values, described, None, target_path, measured)


def open_samples(pixels_path: str, description: Description) -> Samples:
    """Map what `decode` wrote.

    Raises:
        InvalidOption: the description is not one of samples.
    """
    if description.layout is None:
        raise InvalidOption("only decoded samples can be transformed; decode the image first")
    return sample_file.map_samples(pixels_path, description.layout)


def is_grey(described: ImageMetadata) -> bool:
    """Whether the samples are intensities, which modality and VOI LUT are made for."""
    return (
        described.samples_per_pixel == 1 and described.photometric_interpretation != "PALETTE COLOR"
    )


def check_colors(described: ImageMetadata) -> None:
    """Refuse samples of which nothing says what a screen shows.

    Raises:
        Unsupported: they are two of each pixel, or of a retired colour space.
    """
    if described.samples_per_pixel == 2:
        why = "it has two samples per pixel, which are neither grey nor a colour"
    elif described.photometric_interpretation in photometric.RETIRED:
        why = (
            f"DICOM does not say what RGB its retired {described.photometric_interpretation} "
            "samples are"
        )
    else:
        return
    raise Unsupported(
        f"the image cannot be shown in colours because {why}; ask for PIXELS with color STORED"
    )


def ybr_to_rgb(samples: Samples, described: ImageMetadata) -> tuple[Samples, ImageMetadata]:
    """Convert the samples if they are YBR."""
    found = described.photometric_interpretation
    if found is None or not photometric.is_ybr(found) or samples.ndim != 3:
        return samples, described
    bits = described.bits_stored or samples.dtype.itemsize * 8
    rgb = photometric.ybr_to_rgb(samples, bits, found)
    return rgb, msgspec.structs.replace(described, photometric_interpretation="RGB")


def palette_to_rgb(
    samples: Samples, described: ImageMetadata, tables: Tables | None
) -> tuple[Samples, ImageMetadata]:
    """Apply the palette if the samples are its indices.

    Raises:
        Undecodable: there is none.
    """
    if described.photometric_interpretation != "PALETTE COLOR":
        return samples, described
    if tables is None or tables.palette is None:
        raise Undecodable(
            "the palette cannot be applied because it is broken or not in the image's metadata; "
            "load the whole instance rather than the frame, or ask for color DEFAULT"
        )
    rgb = photometric.apply_palette(samples, tables.palette)
    bits = photometric.palette_bits(tables.palette)
    return rgb, msgspec.structs.replace(
        described,
        photometric_interpretation="RGB",
        samples_per_pixel=3,
        planar_configuration=0,
        bits_allocated=rgb.dtype.itemsize * 8,
        bits_stored=bits,
        high_bit=bits - 1,
        pixel_representation=0,
        palette_color_lookup_table=None,
    )


def _modality_values(
    samples: Samples, described: ImageMetadata, tables: Tables | None
) -> tuple[Samples, Samples]:
    """Give every sample's modality value, and those that occur outside of padding."""
    found = domain.of(samples)
    values = modality.apply(found.values, described, tables)
    dtype = modality.narrowest(values)
    with np.errstate(over="ignore"):  # beyond float32, infinity is the nearest
        narrow = values.astype(dtype)
    return found.spread(narrow), narrow[~padding.is_padding(found.values, described)]
