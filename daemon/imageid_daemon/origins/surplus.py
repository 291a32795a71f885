"""What a server sends beyond its answer: never taken for the answer to the next request.

What has not been read yet its stream knows (`network_stream`); here it is what the parser holds.
Over HTTP/2 there is no such thing: each frame says which answer it belongs to.
"""

from __future__ import annotations

import httpcore

from imageid_daemon.origins.network_stream import NetworkStream


def watch(response: httpcore.Response) -> None:
    """To be called before a response is closed: spoils its connection if there is more."""
    stream = response.extensions.get("network_stream")
    if isinstance(stream, NetworkStream) and _is_ahead(response.stream):
        stream.spoil()


def _is_ahead(stream: object) -> bool:
    """Whether the parser holds bytes beyond the answer.

    httpcore has no word for it, so the parser is looked up by name; where it is not found any
    more, no connection is used again, and a test says so.
    """
    connection = getattr(getattr(stream, "_stream", None), "_connection", None)
    parser = getattr(connection, "_h11_state", None)
    return parser is None or bool(parser.trailing_data[0])
