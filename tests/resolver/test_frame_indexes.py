"""A large file is indexed once, whoever asks for which of its frames."""

import asyncio
from contextlib import aclosing

import imagecodecs
import numpy as np
import pydicom
import pytest
from pydicom.encaps import encapsulate
from pydicom.uid import DeflatedExplicitVRLittleEndian, JPEGLSLossless
from tests.resolver.conftest import Answer, demand_of

from imageid_daemon import pixels
from imageid_daemon.pixels import PixelsOptions
from imageid_daemon.pixels.limits import FRAGMENTS
from imageid_daemon.resolver.keys import derived_key
from imageid_loaders.base import Image, Resource
from imageid_loaders.errors import NotFound, Undecodable
from pixels.material import grey

PIXELS = PixelsOptions()
FRAMES = np.random.default_rng(1).integers(0, 256, (20, 256, 256), np.uint8)


class Large:
    """A file of 20 frames and 1.3 MB."""

    def __init__(self, world, data):
        self.world = world
        world.loader.serve("large", Answer(data))
        resource = Resource("large", "x://large")
        for number in range(1, 22):
            world.loader.images[f"large/{number}"] = Image(resource, number)

    async def load(self, number):
        return await self.world.load(f"x:large/{number}", PIXELS)

    async def index(self):
        """The index's row."""
        digest = (await self.world.load("x:large/1")).digest
        key = derived_key("index", (digest,), pixels.INDEX_VERSION)
        return await self.world.store.find(key)


def written(folder):
    path = grey(folder / "large.dcm", FRAMES[0], NumberOfFrames=20)
    data = path.read_bytes()
    length = FRAMES[0].nbytes.to_bytes(4, "little")
    return data[: -FRAMES[0].nbytes].replace(length, FRAMES.nbytes.to_bytes(4, "little")) + (
        FRAMES.tobytes()
    )


@pytest.fixture
def large(world, tmp_path):
    return Large(world, written(tmp_path))


async def test_a_second_frame_makes_no_second_index(large):
    await large.load(3)
    first = await large.index()

    loaded = await large.load(4)

    assert loaded.data == FRAMES[3].tobytes()
    assert first is not None
    assert await large.index() == first


async def test_frames_asked_for_at_once_share_the_fetch_and_the_index(large):
    numbers = [*range(1, 21)] * 3

    loaded = await asyncio.gather(*(large.load(number) for number in numbers))

    assert [each.data for each in loaded] == [FRAMES[number - 1].tobytes() for number in numbers]
    assert large.world.loader.opened == ["large"]
    assert large.world.store.ledger.entries == 1 + 1 + 20


async def test_pixels_that_are_stored_need_no_index(large):
    await large.load(3)
    index = await large.index()
    await large.world.store.forget({index.key})

    loaded = await large.load(3)

    assert loaded.status == "hit"
    assert await large.index() is None


async def test_the_index_goes_with_its_file(large):
    await large.load(3)

    evicted = await large.world.resolver.evict(["x:large/3"], count_only=False)

    assert evicted.entries == 3
    assert large.world.blobs() == []


async def test_an_index_that_is_damaged_is_made_anew(large):
    await large.load(3)
    index = await large.index()
    (path,) = [path for path in large.world.blobs() if index.digest in str(path)]
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-1])

    loaded = await large.load(4)

    assert loaded.data == FRAMES[3].tobytes()
    assert (await large.index()).digest == index.digest


async def test_what_may_not_be_stored_leaves_no_index_either(world, tmp_path):
    large = Large(world, written(tmp_path))
    world.loader.answers["large"].headers = {"cache-control": "no-store"}

    loaded = await large.load(3)

    assert (loaded.data, loaded.status) == (FRAMES[2].tobytes(), "bypass")
    assert world.blobs() == []


async def test_a_large_file_that_cannot_be_decoded_says_so(world):
    large = Large(world, bytes(128) + b"DICM" + bytes(2**20))

    with pytest.raises(Undecodable):
        await large.load(1)


async def test_a_frame_of_a_deflated_file_is_read_from_the_index(world, tmp_path):
    path = grey(tmp_path / "a.dcm", FRAMES[0], NumberOfFrames=20)
    image = pydicom.dcmread(path)
    image.PixelData = FRAMES.tobytes()
    image.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    image.save_as(path, implicit_vr=False, little_endian=True)
    large = Large(world, path.read_bytes())

    loaded = await asyncio.gather(*(large.load(number) for number in (5, 6, 7)))

    assert [each.data for each in loaded] == [frame.tobytes() for frame in FRAMES[4:7]]
    assert (await large.index()).size_bytes > FRAMES.nbytes


async def test_metadata_of_a_frame_are_read_by_the_index_that_its_pixels_use(large):
    metadata, _ = await large.world.resolver.metadata("x:large/3", demand_of())

    index = await large.index()
    await large.load(4)
    assert metadata.frame_number == 3
    assert index is not None
    assert await large.index() == index


async def test_metadata_of_a_frame_are_had_without_the_header_of_its_file(world, tmp_path):
    large = Large(world, written(tmp_path))
    await large.load(3)
    (file,) = [path for path in world.blobs() if path.stat().st_size > FRAMES.nbytes]
    behind_preamble = slice(132, file.stat().st_size - FRAMES.nbytes)
    overwrite(file, behind_preamble)

    metadata, _ = await world.resolver.metadata("x:large/4", demand_of())

    assert (metadata.rows, metadata.frame_number) == (256, 4)


async def described(large, numbers):
    ready = large.world.resolver.describe_all(
        [f"x:large/{number}" for number in numbers], demand_of(), dicom_json=False, check=str
    )
    async with aclosing(ready):
        return [each async for part in ready for each in part]


async def test_a_batch_reads_of_its_frames_what_the_index_says_and_not_the_header(world, tmp_path):
    large = Large(world, written(tmp_path))
    await large.load(3)
    (file,) = [path for path in world.blobs() if path.stat().st_size > FRAMES.nbytes]
    behind_preamble = slice(132, file.stat().st_size - FRAMES.nbytes)
    overwrite(file, behind_preamble)

    found = await described(large, [4, 2, 20, 21])

    assert [each.metadata and each.metadata.frame_number for each in found] == [4, 2, 20, None]
    assert found[0].metadata.rows == 256
    assert isinstance(found[3].error, NotFound)


async def test_a_batch_gives_each_frame_its_own_groups_by_the_index(world, tmp_path):
    groups = []
    for number in range(1, 21):
        position, group = pydicom.Dataset(), pydicom.Dataset()
        position.ImagePositionPatient = [0, 0, number]
        group.PlanePositionSequence = [position]
        groups.append(group)
    path = tmp_path / "large.dcm"
    path.write_bytes(written(tmp_path))
    image = pydicom.dcmread(path)
    image.PerFrameFunctionalGroupsSequence = groups
    image.save_as(path)
    large = Large(world, path.read_bytes())

    found = await described(large, [7, 19])
    alone = [await world.resolver.metadata(f"x:large/{n}", demand_of()) for n in (7, 19)]

    assert [each.metadata.image_position_patient[2] for each in found] == [7, 19]
    assert [each.metadata for each in found] == [metadata for metadata, _ in alone]
    assert await large.index() is not None


@pytest.mark.parametrize("syntax", [None, DeflatedExplicitVRLittleEndian, JPEGLSLossless])
async def test_a_batch_finds_the_overlays_in_each_frame_s_samples(world, tmp_path, syntax):
    words = np.random.default_rng(2).integers(0, 2**13, (20, 256, 256)).astype(np.uint16)
    large = Large(world, overlaid(tmp_path / "large.dcm", words, syntax))

    found = await described(large, [1, 20])

    for number, each in zip((1, 20), found, strict=True):
        (overlay,) = each.metadata.overlays
        bits = (words[number - 1] >> 12).astype(np.uint8)
        assert overlay.data == np.packbits(bits, bitorder="little").tobytes()
    assert await large.index() is not None


def overlaid(path, words, syntax):
    """A file with an overlay in bit 12 of its samples."""
    image = pydicom.dcmread(grey(path, words[0], BitsStored=12, HighBit=11, NumberOfFrames=20))
    for tag, value in [(0x10, 256), (0x11, 256), (0x100, 16), (0x102, 12)]:
        image.add_new(0x60000000 | tag, "US", value)
    image.PixelData = words.tobytes()
    if syntax == JPEGLSLossless:
        image.PixelData = encapsulate([imagecodecs.jpegls_encode(frame) for frame in words])
        image["PixelData"].is_undefined_length = True
    if syntax is not None:
        image.file_meta.TransferSyntaxUID = syntax
    image.save_as(path, implicit_vr=False, little_endian=True)
    return path.read_bytes()


async def test_metadata_are_known_of_a_file_with_too_many_fragments_for_an_index(world, tmp_path):
    path = grey(tmp_path / "a.dcm", FRAMES[0])
    image = pydicom.dcmread(path)
    image.file_meta.TransferSyntaxUID = JPEGLSLossless
    image.PixelData = encapsulate([b"ab"])
    image["PixelData"].is_undefined_length = True
    image.save_as(path)
    empty = b"\xfe\xff\x00\xe0" + bytes(4)
    large = Large(world, path.read_bytes()[:-8] + empty * FRAGMENTS)

    metadata, _ = await world.resolver.metadata("x:large/1", demand_of())

    assert metadata.rows == 256
    assert await large.index() is None


def overwrite(path, where):
    data = bytearray(path.read_bytes())
    data[where] = b"x" * (where.stop - where.start)
    path.chmod(0o600)
    path.write_bytes(data)
