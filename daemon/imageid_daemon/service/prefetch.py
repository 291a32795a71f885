"""PrefetchImages: what is asked for, and the messages of its results."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from imageid.v1 import image_service_pb2 as pb
from imageid.v1 import types_pb2
from imageid_daemon.cache import Mode
from imageid_daemon.resolver import Keep, Output, Prefetched
from imageid_daemon.service import messages, requests
from imageid_daemon.service.errors import status_of
from imageid_loaders.errors import InvalidOption

_MOST_OUTPUTS = 16


def outputs_of(request: pb.PrefetchImagesRequest) -> list[Output]:
    """
    Raises:
        InvalidOption: an option is out of its range, or there are too many.
    """
    if len(request.outputs) > _MOST_OUTPUTS:
        raise InvalidOption(f"More than {_MOST_OUTPUTS} outputs.", field="outputs")
    return [requests.output_of(spec) for spec in request.outputs] or [None]


def keep_of(request: pb.PrefetchImagesRequest) -> Keep | None:
    """
    Raises:
        InvalidOption: it is no time, or no label.
    """
    tag = requests.tag_of(request.tag)
    if not request.HasField("keep_for"):
        if tag:
            raise InvalidOption("tag is the label of a pin: give keep_for, too.", field="tag")
        return None
    return Keep(requests.seconds_of(request.keep_for, "keep_for"), tag)


def check_mode(mode: Mode) -> None:
    """
    Raises:
        InvalidOption: nothing would be kept.
    """
    if mode is Mode.NO_STORE:
        raise InvalidOption(
            "MODE_NO_STORE keeps nothing, and to prefetch is to keep.", field="cache_control"
        )


def priority_of(priority: types_pb2.Priority) -> types_pb2.Priority:
    """Nobody waits for what is prefetched."""
    return priority or types_pb2.PRIORITY_PREFETCH


async def messages_of(
    parts: AsyncIterator[Sequence[Prefetched]],
) -> AsyncIterator[pb.PrefetchImagesResponse]:
    """A message for each part, with the sums so far."""
    done = failed = size_bytes = 0
    async for part in parts:
        response = pb.PrefetchImagesResponse()
        for prefetched in part:
            _fill(response.results.add(), prefetched)
            failed += prefetched.error is not None
            done += prefetched.error is None
            size_bytes += prefetched.size_bytes
        response.done, response.failed, response.size_bytes = done, failed, size_bytes
        yield response


def _fill(result: pb.PrefetchResult, prefetched: Prefetched) -> None:
    result.index = prefetched.index
    if prefetched.error is not None:
        result.error_code = status_of(prefetched.error).code
        result.error_reason = prefetched.error.reason
        result.error_message = prefetched.error.message
        return
    result.size_bytes = prefetched.size_bytes
    result.stored = prefetched.stored
    result.cache_status = messages.status(prefetched.status)
