"""Frames and instances in one request each (PS3.18 section 10.4): which, and what came.

Frames of one instance are asked for by their numbers. Instances come with all others of
their series: a list of instances is nothing that one can ask for. So do the first frames of
many instances, which are cut out of them: a slice of CT is an instance of one frame.
"""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from operator import itemgetter

from imageid_loaders.accept import FRAME, INSTANCE, is_refusal
from imageid_loaders.base import Bundle, Part, Resource, Response, Source, Transport, Validators
from imageid_loaders.errors import NotSeparable
from imageid_loaders.file_frame import frame_of_file
from imageid_loaders.media_type import MediaType, parse_media_type
from imageid_loaders.parts import Parts
from imageid_loaders.sniff import HEAD_BYTES
from imageid_loaders.sop_instance_uid import HEAD_BYTES as INSTANCE_HEAD_BYTES
from imageid_loaders.sop_instance_uid import sop_instance_uid
from imageid_loaders.status import check_status, kept_headers, request_headers
from imageid_loaders.transfer_syntax import frame_media_type, transfer_syntax_of

# What common servers take is 2048 at least; a gateway before them may add to it.
_URL_LIMIT_BYTES = 1500
_FRAMES_LIMIT = 128
_FRAME_OF_URL = re.compile(r"(.*/instances/([^/?]+)/frames/)([0-9]+)(\?.*)?")
_FRAME_IN_SERIES = re.compile(r"(.*/series/[^/?]+)/instances/([^/?]+)/frames/[0-9]+(\?.*)?")
_INSTANCE_OF_URL = re.compile(r"(.*/series/[^/?]+)/instances/([^/?]+)(\?.*)?")


def bundles_of(resources: Sequence[Resource]) -> list[Bundle]:
    """`Bundler.bundles` for the resources of `wado_rs_address`."""
    instances = [r for r in resources if r.accept == INSTANCE]
    by_instance: dict[str, list[Resource]] = {}
    for frame in resources:
        if frame.accept == FRAME and (match := _FRAME_OF_URL.fullmatch(frame.url)):
            by_instance.setdefault(match[1] + (match[4] or ""), []).append(frame)
    lone = [frames[0] for frames in by_instance.values() if len(frames) == 1]
    firsts = [frame for frame in lone if _is_first(frame)]
    return [
        *_of_frames(by_instance.values()),
        *_of_series(instances, INSTANCE),
        *_of_series(firsts, FRAME),
    ]


@asynccontextmanager
async def retrieve_bundle(
    bundle: Bundle, transport: Transport
) -> AsyncIterator[AsyncIterator[Part]]:
    """`Bundler.open_bundle` for these.

    Raises:
        errors.NotSeparable: the origin refuses the request, or does not answer in parts.
        errors.ImageError: of the kind that the status stands for.
    """
    accept = FRAME if bundle.is_exact else INSTANCE
    headers = request_headers(accept, Validators())
    async with transport.get(bundle.url, headers) as response:
        if is_refusal(response.status):
            raise NotSeparable("The origin does not deliver these images in one answer.")
        check_status(response.status, response.headers, Validators(), time.time())
        outer = parse_media_type(response.headers.get("content-type"))
        if not outer.name.startswith("multipart/"):
            raise NotSeparable("The origin answers a request for several images with one.")
        parts = Parts(response.chunks, outer.parameters.get("boundary"))
        if bundle.is_exact:
            yield _frames(parts, bundle, outer, response)
        else:
            yield _instances(parts, bundle, response)


def _of_frames(instances: Iterable[list[Resource]]) -> Iterator[Bundle]:
    for frames in instances:
        found = [
            (match, frame) for frame in frames if (match := _FRAME_OF_URL.fullmatch(frame.url))
        ]
        numbered = sorted(((int(match[3]), frame) for match, frame in found), key=itemgetter(0))
        before, query = found[0][0][1], found[0][0][4] or ""
        for some in _lists(numbered, len(before) + len(query)):
            numbers = ",".join(str(number) for number, _ in some)
            resources = tuple(frame for _, frame in some)
            yield Bundle(f"{before}{numbers}{query}", resources, is_exact=True)


def _lists(
    frames: list[tuple[int, Resource]], around_bytes: int
) -> Iterator[list[tuple[int, Resource]]]:
    """Lists of frames whose URLs are not too long; one frame is no list."""
    some: list[tuple[int, Resource]] = []
    size_bytes = around_bytes
    for frame in frames:
        digits = len(str(frame[0])) + 1
        if len(some) == _FRAMES_LIMIT or size_bytes + digits > _URL_LIMIT_BYTES:
            yield from [some] if len(some) > 1 else []
            some, size_bytes = [], around_bytes
        some.append(frame)
        size_bytes += digits
    yield from [some] if len(some) > 1 else []


def _is_first(frame: Resource) -> bool:
    match = _FRAME_OF_URL.fullmatch(frame.url)
    return match is not None and int(match[3]) == 1


def _of_series(resources: Iterable[Resource], accept: str) -> Iterator[Bundle]:
    pattern = _INSTANCE_OF_URL if accept == INSTANCE else _FRAME_IN_SERIES
    series: dict[str, list[Resource]] = {}
    for resource in resources:
        if match := pattern.fullmatch(resource.url):
            series.setdefault(match[1] + (match[3] or ""), []).append(resource)
    for url, members in series.items():
        if len(members) > 1:
            yield Bundle(url, tuple(members), is_exact=False)


async def _frames(
    parts: Parts, bundle: Bundle, outer: MediaType, response: Response
) -> AsyncIterator[Part]:
    kept = _headers(response)
    wanted = {_frame_at(resource.url): resource for resource in bundle.resources}
    while (part := await parts.next()) is not None:
        headers, body = part
        location = _frame_at(headers.get("content-location", ""))
        if location is None:
            # Their order alone proves nothing: some servers send each fragment as a part.
            raise NotSeparable("The origin does not say which frame each part of its answer is.")
        resource = wanted.pop(location, None)
        head = await body.peek(HEAD_BYTES)
        uid = transfer_syntax_of(parse_media_type(headers.get("content-type")), outer, head)
        yield Part(resource, Source(frame_media_type(uid), body, body.size_bytes, uid, kept))


async def _instances(parts: Parts, bundle: Bundle, response: Response) -> AsyncIterator[Part]:
    kept = _headers(response)
    wanted = {_uid(resource): resource for resource in bundle.resources}
    while (part := await parts.next()) is not None:
        _, body = part
        uid = sop_instance_uid(await body.peek(INSTANCE_HEAD_BYTES))
        # The second of two with one UID is as unwanted as any other.
        resource = wanted.pop(uid, None) if uid is not None else None
        source: Source | None = Source("application/dicom", body, body.size_bytes)
        if resource is not None and resource.accept == FRAME:
            source = await frame_of_file(body)
        if source is None:
            resource, source = None, Source("application/dicom", body, body.size_bytes)
        yield Part(resource, replace(source, headers=kept))


def _headers(response: Response) -> dict[str, str]:
    # The closing delimiter, or the next part, proves that a part is complete.
    kept = kept_headers(response.headers, is_delimited=True)
    return {name: kept[name] for name in kept if name not in ("etag", "last-modified")}


def _frame_at(url: str) -> tuple[str, int] | None:
    """Instance and number of the frame that a URL names.

    A part's Content-Location is compared, and never followed: it often names internal hosts.
    """
    found = _FRAME_OF_URL.fullmatch(url.strip())
    return found and (found[2], int(found[3]))


def _uid(member: Resource) -> str:
    pattern = _INSTANCE_OF_URL if member.accept == INSTANCE else _FRAME_IN_SERIES
    found = pattern.fullmatch(member.url)
    return found[2] if found is not None else ""
