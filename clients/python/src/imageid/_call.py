"""What every call to the daemon carries, and how its failure is told."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

import grpc

from imageid._endpoint import Endpoint
from imageid._errors import Error, from_rpc_error
from imageid._version import __version__

CHANNEL_OPTIONS = (
    # gRPC would send even 127.0.0.1 through the proxy that http_proxy names.
    ("grpc.enable_http_proxy", 0),
    # The whole data set of a large multi-frame image is more than the 4 MiB of the default.
    ("grpc.max_receive_message_length", 64 * 1024 * 1024),
    ("grpc.primary_user_agent", f"imageid-python/{__version__}"),
)

# Called past the generated stubs, whose answers protobuf would parse: see `_wire`.
LOAD_IMAGE = "/imageid.v1.ImageService/LoadImage"
LOAD_IMAGES = "/imageid.v1.ImageService/LoadImages"

# A receiver refuses headers of more than 8 KiB by default.
_LONGEST_HEADER_CHARACTERS = 4096
_PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))


def call_metadata(endpoint: Endpoint, image_id: str | None) -> tuple[tuple[str, str], ...]:
    """Metadata of a call: the token, this program, and the imageId for a proxy to shard by.

    HTTP/2 allows printable ASCII alone in a header, so anything else is percent-encoded; a
    very long imageId is left out.
    """
    # On the unix socket the daemon could not tell programs apart, to be fair to each.
    metadata = [("x-imageid-client", f"python-{os.getpid()}")]
    if endpoint.token is not None:
        metadata.append(("authorization", f"Bearer {endpoint.token}"))
    if image_id is not None:
        header = quote(image_id, safe=_PRINTABLE)
        if len(header) <= _LONGEST_HEADER_CHARACTERS:
            metadata.append(("x-image-id", header))
    return tuple(metadata)


@contextmanager
def failures_told(endpoint: Endpoint) -> Iterator[None]:
    """Raise `Error` for what gRPC raises."""
    try:
        yield
    except grpc.RpcError as error:
        raise _tell(from_rpc_error(error), endpoint) from error


def _tell(error: Error, endpoint: Endpoint) -> Error:
    # The daemon gives a reason with each of its errors; gRPC's own have none.
    if error.reason == grpc.StatusCode.UNAVAILABLE.name:
        return endpoint.unavailable(error.detail.rstrip("."))
    if error.reason == grpc.StatusCode.DEADLINE_EXCEEDED.name:
        detail = "The daemon gave no whole answer within the timeout: wait longer, or ask for less."
        return Error(error.code, error.reason, detail)
    return error
