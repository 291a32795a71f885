"""Many callers of one image in one process of their own, as one program would be: what each of
them got is compared with the body's digest, or with the body itself as far as it was read.

    python -m crowd ADDRESS IMAGE_ID BODY_FILE WHOLE PAUSED

WHOLE callers read to the end. PAUSED callers read the first bytes, then nothing until all those
are done, then some more, and leave. Prints a line when each caller has its first bytes, and one
when all are done: how many were right. Between the two a line is waited for on standard input.
"""

from __future__ import annotations

import asyncio
import hashlib
import sys
from dataclasses import dataclass, field
from pathlib import Path

import grpc.aio

from imageid.v1 import image_service_pb2 as pb
from imageid.v1.image_service_pb2_grpc import ImageServiceStub

_BYTES_AFTER_THE_PAUSE = 256 * 1024


@dataclass(slots=True)
class Crowd:
    """Args:
    body: what the origin sends.
    whole_done: set when the callers that read to the end are done.
    """

    stub: ImageServiceStub
    image_id: str
    body: bytes
    digest: str
    begun: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))
    whole_done: asyncio.Event = field(default_factory=asyncio.Event)

    async def read_whole(self) -> bool:
        sha256 = hashlib.sha256()
        summary = b""
        async for message in self._call():
            if message.HasField("chunk") and message.chunk.offset == 0:
                self.begun.release()
            sha256.update(message.chunk.data)
            summary = message.summary.checksums.sha256
        return sha256.hexdigest() == self.digest == summary.hex()

    async def read_and_pause(self) -> bool:
        call = self._call()
        is_right, read_bytes = True, 0
        async for message in call:
            chunk = message.chunk
            if not chunk.data:
                continue
            end = read_bytes + len(chunk.data)
            is_right &= chunk.offset == read_bytes and chunk.data == self.body[read_bytes:end]
            if read_bytes == 0:
                self.begun.release()
                await self.whole_done.wait()
            read_bytes = end
            if read_bytes >= _BYTES_AFTER_THE_PAUSE:
                break
        call.cancel()
        return is_right and read_bytes >= _BYTES_AFTER_THE_PAUSE

    def _call(self) -> grpc.aio.UnaryStreamCall[pb.LoadImageRequest, pb.LoadImageResponse]:
        return self.stub.LoadImage(pb.LoadImageRequest(image_id=self.image_id))


async def run(address: str, image_id: str, body: bytes, whole: int, paused: int) -> None:
    async with grpc.aio.insecure_channel(address) as channel:
        digest = hashlib.sha256(body).hexdigest()
        crowd = Crowd(ImageServiceStub(channel), image_id, body, digest)
        slow = [asyncio.create_task(crowd.read_and_pause()) for _ in range(paused)]
        fast = [asyncio.create_task(crowd.read_whole()) for _ in range(whole)]
        for _ in range(whole + paused):
            await crowd.begun.acquire()
        print("begun", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        right = sum(await asyncio.gather(*fast))
        crowd.whole_done.set()
        print(right + sum(await asyncio.gather(*slow)), flush=True)


if __name__ == "__main__":
    address, image_id, body_file, whole, paused = sys.argv[1:]
    asyncio.run(run(address, image_id, Path(body_file).read_bytes(), int(whole), int(paused)))
