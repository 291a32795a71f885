"""Work that cannot be stopped half way."""

import asyncio
import threading

from imageid_daemon.to_its_end import to_its_end


async def test_a_thread_is_waited_for_however_often_its_caller_is_cancelled():
    begun, released, ended = threading.Event(), threading.Event(), []

    def work():
        begun.set()
        released.wait()
        ended.append(True)

    running = asyncio.create_task(to_its_end(asyncio.to_thread(work)))
    await asyncio.to_thread(begun.wait)
    for _ in range(3):
        running.cancel()
        await asyncio.sleep(0)
    assert not running.done()
    released.set()
    await asyncio.wait([running])

    assert running.cancelled()
    assert ended == [True]
