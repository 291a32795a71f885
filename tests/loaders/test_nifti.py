"""What a nifti imageId means, and how many slices a volume lists."""

import gzip
import struct

import nibabel
import numpy
import pytest
from nibabel.nifti1 import Nifti1Image
from nibabel.nifti2 import Nifti2Image

from imageid_loaders.base import Plane, Settings
from imageid_loaders.errors import Corrupt, TooLarge
from imageid_loaders.nifti import NiftiLoader
from imageid_loaders.nifti_header import slice_count

URL = "https://h/v.nii.gz"


@pytest.mark.parametrize(
    ("rest", "plane", "url"),
    [
        ("", Plane("z", 0), URL),
        ("?frame=0", Plane("z", 0), URL),
        ("?frame=12", Plane("z", 12), URL),
        ("?a=b&frame=12&token=c%2Fd", Plane("z", 12), f"{URL}?a=b&token=c%2Fd"),
        ("?timeframe=3", Plane("z", 0), f"{URL}?timeframe=3"),
        ("#15", Plane("z", 15, 0), URL),
        ("#z-5", Plane("z", 5, 0), URL),
        ("?a=b#x-12,t-3", Plane("x", 12, 3), f"{URL}?a=b"),
        ("#y-0,t-0", Plane("y", 0, 0), URL),
    ],
)
def test_a_slice_is_named_from_0_in_each_of_cornerstones_forms(rest, plane, url):
    image = NiftiLoader(Settings()).resolve(f"nifti:{URL}{rest}")

    assert (image.plane, image.resource.url) == (plane, url)
    assert image.frame is None


@pytest.mark.parametrize("kind", [Nifti1Image, Nifti2Image])
@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize(
    ("shape", "count"), [((4,), 1), ((4, 5), 1), ((4, 5, 6), 6), ((4, 5, 6, 2), 12)]
)
def test_the_slices_of_every_volume_in_time_are_counted(kind, order, pack, shape, count):
    header = kind.header_class(endianness=order)
    header.set_data_shape(shape)
    header["magic"] = header.single_magic

    assert slice_count(pack(header.binaryblock + bytes(4))) == count


def test_the_counted_file_is_one_that_nibabel_writes():
    data = nibabel.Nifti1Image(numpy.zeros((4, 5, 6), numpy.uint8), None).to_bytes()

    assert slice_count(data) == 6


@pytest.mark.parametrize(
    "data",
    [
        b"",
        bytes(600),
        b"\x1f\x8b\x08 and no gzip",
        gzip.compress(b"no volume", mtime=0),
        struct.pack("<i36x8h288x4s", 348, 3, 4, -5, 6, 1, 1, 1, 1, b"n+1"),
        struct.pack("<i36x8h288x4s", 348, 9, 4, 5, 6, 1, 1, 1, 1, b"n+1"),
        b"\x1c\2\0\0n+2\0",
    ],
)
def test_what_is_no_volume_cannot_be_listed(data):
    with pytest.raises(Corrupt):
        slice_count(data)


async def test_a_volume_of_absurdly_many_slices_is_not_listed():
    data = struct.pack("<i36x8h288x4s", 348, 4, 1, 1, 32767, 32767, 1, 1, 1, b"n+1")

    async def read(resource):
        return data

    with pytest.raises(TooLarge, match="more than the 100000"):
        await NiftiLoader(Settings()).list_images(f"nifti:{URL}", read)
