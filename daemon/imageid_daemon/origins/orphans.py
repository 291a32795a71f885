"""Connections that a cancelled request has left in httpcore's pool.

httpcore closes what is cancelled within scopes of anyio, which a task's own `cancel` passes by:
one that comes while a connection is opened, or while a response is closed, leaves a connection
behind that is neither idle nor closed and that nobody will use again. An abandoned fetch is
just that, and the descriptors of all of them would stay until the daemon ends.
"""

from __future__ import annotations

import httpcore


async def close(
    pool: httpcore.AsyncConnectionPool, response: httpcore.Response | None = None
) -> None:
    """Close connections that belong to no request. To be carried out to its end.

    httpcore has no word for them, so its lists are looked up by name; where they are not found
    any more, a test says so.

    Args:
        response: one that has been closed, as far as that went.
    """
    requests = getattr(pool, "_requests", None)
    connections = getattr(pool, "_connections", None)
    if requests is None or connections is None:
        return
    answered = getattr(getattr(response, "stream", None), "_pool_request", None)
    if answered in requests:
        requests.remove(answered)
    in_use = {id(request.connection) for request in requests}
    for connection in list(connections):
        if id(connection) not in in_use and not (connection.is_idle() or connection.is_closed()):
            connections.remove(connection)
            await connection.aclose()
