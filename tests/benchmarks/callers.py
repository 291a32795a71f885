"""What programs that use imageid do; each function is one in a process of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from time import perf_counter

import grpc.aio

import imageid
from benchmarks.measuring import Taken, by_callers, digest_of
from benchmarks.sums import sum_all
from imageid.v1 import image_service_pb2 as v1
from imageid.v1.image_service_pb2_grpc import ImageServiceStub
from imageid.v1.types_pb2 import EncodedOutput, OutputSpec

ENCODED = OutputSpec(encoded=EncodedOutput())


def load_arrays(address: str, image_ids: Sequence[str], summed: bool = False) -> Taken:
    """Connect and load the pixels of every image."""
    started = perf_counter()
    with imageid.connect(address) as client:
        arrays = [image.pixels for image in client.load_many(image_ids)]
        if summed:
            sum_all(arrays)
        seconds = perf_counter() - started
    return Taken(seconds, digest_of(arrays))


def load_bodies(address: str, image_ids: Sequence[str]) -> Taken:
    """Connect and load every image as its origin gives it."""
    started = perf_counter()
    with imageid.connect(address) as client:
        bodies = [image.data for image in client.load_many(image_ids, output="encoded")]
        seconds = perf_counter() - started
    return Taken(seconds, digest_of(bodies))


def load_array(client: imageid.Client, image_id: str) -> Taken:
    """The pixels of one image, by a client that is connected already."""
    started = perf_counter()
    pixels = client.load(image_id).pixels
    return Taken(perf_counter() - started, digest_of([pixels]))


def stream_body(address: str, image_id: str) -> Taken:
    """One image as its origin gives it, in chunks, by the generated stubs alone."""
    with grpc.insecure_channel(address) as channel:
        started = perf_counter()
        call = ImageServiceStub(channel).LoadImage(encoded(image_id))
        chunks = [message.chunk.data for message in call]
        seconds = perf_counter() - started
    return Taken(seconds, digest_of(chunks))


def encoded(image_id: str) -> v1.LoadImageRequest:
    """The request for the bytes of the origin."""
    return v1.LoadImageRequest(image_id=image_id, output=ENCODED)


def load_often(address: str, image_ids: Sequence[str], callers: int) -> Taken:
    """Images by many callers at once, on one channel, by the generated stubs alone."""

    async def work() -> Taken:
        async with grpc.aio.insecure_channel(address) as channel:
            images = ImageServiceStub(channel)

            async def ask(image_id: str) -> bytes:
                call = images.LoadImage(encoded(image_id))
                return b"".join([message.chunk.data async for message in call])

            return await by_callers(ask, image_ids, callers)

    return asyncio.run(work())


def load_many_often(address: str, calls: Sequence[Sequence[str]], callers: int) -> Taken:
    """The same by LoadImages, with the images of each call."""

    async def work() -> Taken:
        async with grpc.aio.insecure_channel(address) as channel:
            images = ImageServiceStub(channel)

            async def ask(image_ids: Sequence[str]) -> bytes:
                request = v1.LoadImagesRequest(
                    image_ids=image_ids, output=ENCODED, in_request_order=True
                )
                messages = [message async for message in images.LoadImages(request)]
                return b"".join(r.chunk.data for message in messages for r in message.results)

            return await by_callers(ask, calls, callers)

    return asyncio.run(work())


def load_one_by_one(address: str, image_ids: Sequence[str]) -> Taken:
    """Connect and load images as their origin gives them, each when the one before is there."""
    started = perf_counter()
    with imageid.connect(address) as client:
        bodies = [client.load(image_id, "encoded").data for image_id in image_ids]
        seconds = perf_counter() - started
    return Taken(seconds, digest_of(bodies))
