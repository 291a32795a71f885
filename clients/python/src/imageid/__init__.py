"""Images by imageId, from the local imageid daemon.

    import imageid

    with imageid.connect() as client:
        image = client.load("example://1")
        image.pixels

`imageid.aio` is the same for asyncio. The contract itself, with every answer that is not
an image, is `imageid.v1`.
"""

from imageid import aio
from imageid._client import Client, ImageStream, connect
from imageid._errors import Error
from imageid._geometry import GeometryError
from imageid._image import Image
from imageid._metadata import Metadata
from imageid._modules import (
    LookupTable,
    Overlay,
    PaletteColorLookupTable,
    PetImage,
    RtDose,
    UltrasoundRegion,
)
from imageid._outputs import Pixels, Rendered
from imageid._prefetch import Prefetched, PrefetchProgress
from imageid._version import __version__
from imageid._volume import Volume

__all__ = [
    "Client",
    "Error",
    "GeometryError",
    "Image",
    "ImageStream",
    "LookupTable",
    "Metadata",
    "Overlay",
    "PaletteColorLookupTable",
    "PetImage",
    "Pixels",
    "PrefetchProgress",
    "Prefetched",
    "Rendered",
    "RtDose",
    "UltrasoundRegion",
    "Volume",
    "__version__",
    "aio",
    "connect",
]
