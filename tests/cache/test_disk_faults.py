"""Whatever call on the disk fails: every caller gets its image, and the cache recovers."""

import pytest

import disk_faults

ERRORS = ["EIO", "ENOSPC", "EMFILE"]


@pytest.fixture(scope="session")
def library(tmp_path_factory):
    return disk_faults.built(tmp_path_factory.mktemp("library"))


@pytest.mark.timeout(300)
@pytest.mark.parametrize("error", ERRORS)
async def test_any_one_call_may_fail(library, tmp_path, error):
    output = await disk_faults.run(library, tmp_path / "cache", "every_call", error)

    assert int(output.split()[-1]) > 60, "hardly a call failed: the test proves nothing"


@pytest.mark.timeout(300)
@pytest.mark.parametrize("error", ERRORS)
async def test_the_disk_may_fail_from_any_call_on_and_come_back(library, tmp_path, error):
    output = await disk_faults.run(library, tmp_path / "cache", "every_call", error, "lasting")

    assert int(output.split()[-1]) > 10, "hardly a call failed: the test proves nothing"


@pytest.mark.timeout(300)
@pytest.mark.parametrize("error", ["EIO", "EMFILE"])
@pytest.mark.parametrize("lasting", [[], ["lasting"]], ids=["once", "lasting"])
async def test_what_is_stored_may_not_be_readable(library, tmp_path, error, lasting):
    output = await disk_faults.run(library, tmp_path / "cache", "every_read", error, *lasting)

    assert int(output.split()[-1]) > 30, "hardly a call failed: the test proves nothing"


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", ["reads", "changes"])
@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("lasting", [[], ["lasting"]], ids=["once", "lasting"])
async def test_decoding_goes_well_whatever_call_on_the_disk_fails(
    library, tmp_path, error, kind, lasting
):
    output = await disk_faults.run(
        library, tmp_path / "cache", "every_decode", error, kind, *lasting
    )

    assert int(output.split()[-1]) > 10, "hardly a call failed: the test proves nothing"
