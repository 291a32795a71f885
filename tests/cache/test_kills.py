"""SIGKILL at every step of the write path, and at random: what was promised is still there."""

import os

import pytest

import disk_faults

ROUNDS = int(os.environ.get("IMAGEID_TEST_KILLS", "200"))


@pytest.mark.timeout(600)
async def test_every_promise_outlives_a_kill_and_nothing_torn_or_left_over_does(
    tmp_path, tmp_path_factory
):
    library = disk_faults.built(tmp_path_factory.mktemp("library"))
    manifest = tmp_path / "manifest"

    output = await disk_faults.run(library, tmp_path / "cache", "kills", str(manifest), str(ROUNDS))

    killed, promised, checked = map(int, output.split()[-3:])
    assert killed > 0.8 * ROUNDS, "hardly a kill came in time: the test proves nothing"
    assert promised > ROUNDS, "hardly anything was promised: the test proves nothing"
    assert checked > promised
