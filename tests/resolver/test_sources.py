"""One resource through the cache: when it is fetched, and what its callers are told."""

import asyncio

import pytest
from tests.resolver.conftest import ETAG, Answer, demand_of, world_at

from imageid_loaders.base import Image, Resource
from imageid_loaders.errors import (
    Corrupt,
    ImageError,
    NotFound,
    NotInCache,
    SchemeUnsupported,
    TooLarge,
    Unavailable,
)

FRESH = {"cache-control": "max-age=60"}
STALE = {"cache-control": "max-age=0", "etag": ETAG}


async def test_a_cold_image_is_a_miss_and_a_warm_one_a_hit(world):
    image_id = world.loader.serve("a", Answer(b"body"))

    cold, warm = await world.load(image_id), await world.load(image_id)

    assert (cold.data, cold.status, cold.stored) == (b"body", "miss", True)
    assert (warm.data, warm.status, warm.stored) == (b"body", "hit", True)
    assert world.loader.opened == ["a"]


async def test_what_was_stored_is_a_hit_after_a_restart(world, tmp_path):
    async with world_at(tmp_path / "other") as before:
        await before.load(before.loader.serve("a", Answer(b"body")))

    async with world_at(tmp_path / "other") as after:
        after.loader.serve("a", Answer(error=Unavailable("The origin is gone.")))
        assert (await after.load("x:a")).status == "hit"


async def test_callers_of_a_running_fetch_join_it(world):
    released = asyncio.Event()
    image_id = world.loader.serve("a", Answer(b"body", released=released))

    callers = [asyncio.create_task(world.load(image_id)) for _ in range(20)]
    await world.loader.has_opened.wait()
    released.set()
    loaded = await asyncio.gather(*callers)

    assert world.loader.opened == ["a"]
    assert {each.data for each in loaded} == {b"body"}
    assert sorted(each.status for each in loaded) == ["coalesced"] * 19 + ["miss"]


async def test_a_follower_reads_what_has_arrived_while_the_origin_holds_back_the_rest(world):
    released = asyncio.Event()
    image_id = world.loader.serve("a", Answer(b"body", released=released))
    leader = asyncio.create_task(world.load(image_id))

    async with world.resolver.load(image_id, None, demand_of()) as answer:
        assert await answer.body.read(0, 100) == b"b"
        assert answer.entry is None
        released.set()
        assert await answer.body.read(1, 100) == b"ody"
    await leader


async def test_a_stale_copy_that_the_origin_confirms_keeps_its_blob(world):
    image_id = world.loader.serve("a", Answer(b"body", headers=STALE))
    await world.load(image_id)

    again = await world.load(image_id)

    assert (again.data, again.status) == (b"body", "revalidated")
    assert len(world.blobs()) == 1


async def test_a_stale_copy_that_the_origin_has_replaced_is_fetched(world):
    image_id = world.loader.serve("a", Answer(b"old", headers=STALE))
    await world.load(image_id)
    world.loader.serve("a", Answer(b"new", headers={"etag": '"2"'}))

    again = await world.load(image_id)

    assert (again.data, again.status) == (b"new", "miss")
    await world.store.removed()
    assert len(world.blobs()) == 1


async def test_a_stale_copy_is_served_as_stale_to_who_accepts_that(world):
    image_id = world.loader.serve("a", Answer(b"body", headers=STALE))
    await world.load(image_id)

    again = await world.load(image_id, max_stale=60)

    assert (again.status, world.loader.opened) == ("stale", ["a"])


async def test_a_stale_copy_bridges_the_time_in_which_its_origin_is_down(world):
    image_id = world.loader.serve("a", Answer(b"body", headers={"cache-control": "max-age=0"}))
    await world.load(image_id)
    world.loader.serve("a", Answer(error=Unavailable("The origin is down.")))

    again = await world.load(image_id)

    assert (again.data, again.status) == (b"body", "stale")
    for refusal in ({"mode": "no-cache"}, {"max_age": 0}):
        with pytest.raises(Unavailable):
            await world.load(image_id, **refusal)


async def test_a_copy_that_its_origin_wants_validated_does_not_bridge(world):
    headers = {"cache-control": "max-age=0, must-revalidate"}
    image_id = world.loader.serve("a", Answer(b"body", headers=headers))
    await world.load(image_id)
    world.loader.serve("a", Answer(error=Unavailable("The origin is down.")))

    with pytest.raises(Unavailable):
        await world.load(image_id)


async def test_an_image_that_the_origin_has_deleted_is_not_bridged(world):
    image_id = world.loader.serve("a", Answer(b"body", headers={"cache-control": "max-age=0"}))
    await world.load(image_id)
    world.loader.serve("a", Answer(error=NotFound("The origin has it no more.")))

    with pytest.raises(NotFound):
        await world.load(image_id)


async def test_an_older_copy_than_max_age_is_validated(world):
    image_id = world.loader.serve("a", Answer(b"body", headers={**FRESH, "age": "30"}))
    await world.load(image_id)

    await world.load(image_id, max_age=10)

    assert world.loader.opened == ["a", "a"]


@pytest.mark.parametrize("mode", ["no-cache", "reload"])
async def test_a_fresh_copy_is_not_taken_unasked_by_who_refuses_it(world, mode):
    image_id = world.loader.serve("a", Answer(b"old"))
    await world.load(image_id)
    world.loader.serve("a", Answer(b"new"))

    assert (await world.load(image_id, mode=mode)).data == b"new"
    assert (await world.load(image_id)).data == b"new"


async def test_only_if_cached_never_asks_the_origin(world):
    image_id = world.loader.serve("a", Answer(b"body"))

    with pytest.raises(NotInCache):
        await world.load(image_id, mode="only-if-cached")
    assert world.loader.opened == []


async def test_no_store_neither_reads_nor_writes_the_cache(world):
    image_id = world.loader.serve("a", Answer(b"body"))
    await world.load(image_id)

    private = await world.load(image_id, mode="no-store")

    assert (private.status, private.stored, world.loader.opened) == ("bypass", False, ["a", "a"])
    assert world.store.ledger.entries == 1


async def test_what_the_origin_forbids_to_store_is_not_stored(world):
    image_id = world.loader.serve("a", Answer(b"body", headers={"cache-control": "no-store"}))

    loaded = await world.load(image_id)

    assert (loaded.data, loaded.status, loaded.stored) == (b"body", "bypass", False)
    assert world.blobs() == []


async def test_a_body_of_unknown_size_is_stored_whole(world):
    image_id = world.loader.serve("a", Answer(b"body" * 3_000_000, says_size=False))

    assert (await world.load(image_id)).data == b"body" * 3_000_000
    assert (await world.load(image_id)).status == "hit"
    assert world.store.ledger.reserved_bytes == 0


@pytest.mark.parametrize("promised_bytes", [3, 5])
async def test_a_body_of_another_length_than_promised_is_an_error_and_never_stored(
    world, promised_bytes
):
    image_id = world.loader.serve("a", Answer(b"body", promised_bytes=promised_bytes))

    with pytest.raises(Corrupt):
        await world.load(image_id)
    assert (world.blobs(), world.store.ledger.reserved_bytes) == ([], 0)
    world.loader.serve("a", Answer(b"body"))
    assert (await world.load(image_id)).status == "miss"


async def test_a_damaged_blob_is_fetched_again_and_nobody_notices(world):
    image_id = world.loader.serve("a", Answer(b"body"))
    await world.load(image_id)
    (blob,) = world.blobs()
    blob.chmod(0o600)
    blob.write_bytes(b"bod")

    again = await world.load(image_id)

    assert (again.data, again.status) == (b"body", "miss")


async def test_an_image_larger_than_the_cache_passes_through(tmp_path):
    async with world_at(tmp_path / "small", limit_bytes=1000) as small:
        image_id = small.loader.serve("a", Answer(b"b" * 2000))

        loaded = await small.load(image_id)

        assert (len(loaded.data), loaded.status, loaded.stored) == (2000, "bypass", False)


@pytest.mark.parametrize("says_size", [True, False])
async def test_an_image_above_the_size_limit_is_refused(tmp_path, says_size):
    async with world_at(tmp_path / "strict", max_image_bytes=1000) as strict:
        image_id = strict.loader.serve("a", Answer(b"b" * 2000, says_size=says_size))

        with pytest.raises(TooLarge):
            await strict.load(image_id)
        assert strict.blobs() == []


async def test_an_origins_error_reaches_every_caller_and_is_not_remembered(world):
    image_id = world.loader.serve("a", Answer(error=Unavailable("The origin is down.")))

    outcomes = await asyncio.gather(
        *(world.load(image_id) for _ in range(5)), return_exceptions=True
    )

    assert [type(outcome) for outcome in outcomes] == [Unavailable] * 5
    world.loader.serve("a", Answer(b"body"))
    assert (await world.load(image_id)).data == b"body"


async def test_a_bug_in_a_loader_is_an_error_for_its_callers_alone(world, capsys):
    world.loader.serve("a", Answer(headers=None))  # type: ignore[arg-type]

    with pytest.raises(ImageError) as failure:
        await world.load("x:a")
    assert failure.value.reason == "INTERNAL"
    assert (await world.load(world.loader.serve("b", Answer(b"body")))).data == b"body"


async def test_a_missing_image_and_an_unknown_scheme_say_so(world):
    world.loader.images["gone"] = Image(Resource("gone", "x://gone"))

    with pytest.raises(NotFound):
        await world.load("x:gone")
    with pytest.raises(SchemeUnsupported, match="Known schemes: x"):
        await world.load("y:a")
