"""Messages that are written by hand, and callers that leave meanwhile."""

from __future__ import annotations

import asyncio
import logging

import pytest
from grpc._cython.cygrpc import ExecuteBatchError

from imageid_daemon import logs
from imageid_daemon.service.written_stream import Writing


class EndedCall:
    """What gRPC's core does with a message of a call that is over."""

    async def write(self, message):
        raise ExecuteBatchError('Failed "execute_batch"')


async def test_a_message_to_a_caller_that_has_left_ends_its_call_and_is_no_failure():
    sent = []
    caller = Writing(EndedCall(), lambda: sent.append(1))

    with pytest.raises(asyncio.CancelledError):
        await caller.write(b"")

    assert sent == []


@pytest.mark.parametrize(
    ("error", "lines"), [(ExecuteBatchError("late"), 0), (ValueError("a bug"), 1)]
)
def test_the_log_tells_of_grpcs_failures_but_not_of_callers_that_left(error, lines, caplog):
    logs.configure("info", "json")

    try:
        raise error
    except Exception:
        logging.getLogger("grpc._cython.cygrpc").exception("raised by servicer method")

    assert len(caplog.records) == lines
