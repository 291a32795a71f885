"""The results of BatchGetImageMetadata, cut into messages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence

from imageid.v1 import image_service_pb2 as pb
from imageid_daemon.resolver import Described
from imageid_daemon.service import messages
from imageid_daemon.service.errors import status_of

_RESULTS_A_MESSAGE = 100
# gRPC takes 4 MiB by default; the last result of a message may have 3.
_MESSAGE_BYTES = 1024 * 1024

Response = pb.BatchGetImageMetadataResponse


async def messages_of(
    ready: AsyncIterator[Sequence[Described]],
) -> AsyncIterator[Iterator[Response]]:
    """For each part of the results that is ready, its messages; `index` counts over all."""
    index = 0
    async for part in ready:
        yield _cut(part, index)
        index += len(part)


def _cut(part: Sequence[Described], first_index: int) -> Iterator[Response]:
    response, size_bytes = Response(), 0
    for index, described in enumerate(part, first_index):
        result = response.results.add()
        _fill(result, index, described)
        size_bytes += result.ByteSize()
        if size_bytes >= _MESSAGE_BYTES or len(response.results) == _RESULTS_A_MESSAGE:
            yield response
            response, size_bytes = Response(), 0
    if response.results:
        yield response


def _fill(result: pb.ImageMetadataResult, index: int, described: Described) -> None:
    result.index = index
    result.loader = described.loader
    if described.error is not None:
        result.error_code = status_of(described.error).code
        result.error_reason = described.error.reason
        result.error_message = described.error.message
    elif described.metadata is not None:
        result.metadata.CopyFrom(messages.image_metadata(described.metadata))
        result.cache_status = messages.status(described.status)
        if described.dicom_json is not None:
            messages.add_dicom_json(result.metadata, described.dicom_json)
