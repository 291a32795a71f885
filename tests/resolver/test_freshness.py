"""HTTP's rules of caching, as callers of the daemon meet them."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from tests.resolver.conftest import ETAG, Answer, ScriptedLoader, world_at

from imageid_loaders.base import Image, NotModified, Resource
from imageid_loaders.errors import NotFound, Unavailable
from imageid_loaders.status import failure

FRESH = {"cache-control": "max-age=60"}
GRACE = {"cache-control": "max-age=0, stale-while-revalidate=60", "etag": ETAG}


def missing(**headers):
    return Answer(error=failure(404, headers, 0.0))


def asked_with(world, name, answer, **request_headers):
    """Another imageId of the same resource, which the origin is asked for with these fields."""
    resource = Resource(name, f"x://{name}", request_headers=tuple(request_headers.items()))
    image_id = world.loader.serve(name + str(request_headers), answer, Image(resource))
    world.loader.answers[name] = answer
    return image_id


async def refreshed(world):
    """Wait until nothing is asked behind the callers' backs."""
    while tasks := world.resolver._sources._refreshing:
        await asyncio.gather(*tasks)


async def test_each_variant_is_kept_beside_the_others(world):
    varied = {**FRESH, "vary": "accept-language"}
    german = asked_with(world, "a", Answer(b"Herz", headers=varied), **{"accept-language": "de"})
    await world.load(german)
    english = asked_with(world, "a", Answer(b"heart", headers=varied), **{"accept-language": "en"})

    first, again = await world.load(english), await world.load(english)

    assert (first.data, first.status) == (b"heart", "miss")
    assert (again.data, again.status) == (b"heart", "hit")
    assert (await world.load(german)).data == b"Herz"
    assert world.loader.opened == ["a", "a"]


async def test_fields_that_the_answer_does_not_vary_by_share_it(world):
    answer = Answer(b"body", headers={**FRESH, "vary": "accept"})
    await world.load(asked_with(world, "a", answer, **{"accept-language": "de"}))

    again = await world.load(asked_with(world, "a", answer, **{"accept-language": "en"}))

    assert again.status == "hit"


async def test_evicting_an_image_forgets_its_own_variant_too(world):
    varied = {**FRESH, "vary": "foo"}
    first = asked_with(world, "a", Answer(b"1", headers=varied), foo="1")
    await world.load(first)
    second = asked_with(world, "a", Answer(b"2", headers=varied), foo="2")
    await world.load(second)

    await world.resolver.evict([second], count_only=False)
    await world.load(first)  # whose Vary leads to the second

    assert not (await world.stat(second, None)).cached


async def test_a_stale_copy_in_its_grace_is_served_at_once_and_renewed_meanwhile(world):
    image_id = world.loader.serve("a", Answer(b"old", headers=GRACE))
    await world.load(image_id)
    world.loader.serve("a", Answer(b"new", headers={**FRESH, "etag": '"2"'}))

    stale = await world.load(image_id)
    await refreshed(world)
    renewed = await world.load(image_id)

    assert (stale.data, stale.status) == (b"old", "stale")
    assert (renewed.data, renewed.status) == (b"new", "hit")


async def test_a_hundred_callers_of_a_copy_in_its_grace_cost_one_request(world):
    image_id = world.loader.serve("a", Answer(b"old", headers=GRACE))
    await world.load(image_id)
    released = asyncio.Event()
    answer = Answer(b"new", headers={**FRESH, "etag": '"2"'}, released=released)
    world.loader.serve("a", answer)

    loaded = await asyncio.gather(*(world.load(image_id) for _ in range(100)))
    released.set()
    await refreshed(world)

    assert {each.status for each in loaded} == {"stale"}
    assert world.loader.opened == ["a", "a"]


async def test_an_origin_that_fails_behind_its_callers_backs_fails_nobody(world):
    image_id = world.loader.serve("a", Answer(b"old", headers=GRACE))
    await world.load(image_id)
    world.loader.serve("a", Answer(error=Unavailable("The origin is gone.")))

    await world.load(image_id)
    await refreshed(world)

    assert (await world.load(image_id)).status == "stale"


async def test_the_daemon_stops_while_it_asks_behind_its_callers_backs(world):
    image_id = world.loader.serve("a", Answer(b"old", headers=GRACE))
    await world.load(image_id)
    answer = Answer(b"new", headers={**FRESH, "etag": '"2"'}, released=asyncio.Event())
    world.loader.serve("a", answer)
    await world.load(image_id)

    await world.resolver.close()

    assert world.resolver.running_fills == 0


async def test_an_image_that_is_not_there_is_not_asked_for_again_at_once(world):
    image_id = world.loader.serve("a", missing())

    for _ in range(3):
        with pytest.raises(NotFound, match="404"):
            await world.load(image_id)

    assert world.loader.opened == ["a"]


@pytest.mark.parametrize("mode", ["no-cache", "reload", "no-store"])
async def test_who_insists_has_an_image_asked_for_that_was_not_there(world, mode):
    image_id = world.loader.serve("a", missing())
    with pytest.raises(NotFound):
        await world.load(image_id)
    world.loader.serve("a", Answer(b"body"))

    assert (await world.load(image_id, mode=mode)).data == b"body"


async def test_once_an_image_has_come_its_failure_is_forgotten(world):
    image_id = world.loader.serve("a", missing())
    with pytest.raises(NotFound):
        await world.load(image_id)
    world.loader.serve("a", Answer(b"body"))
    await world.load(image_id, mode="no-cache")

    assert (await world.load(image_id)).status == "hit"


async def test_who_takes_only_what_is_stored_is_told_a_remembered_failure(world):
    image_id = world.loader.serve("a", missing())
    with pytest.raises(NotFound):
        await world.load(image_id)

    with pytest.raises(NotFound, match="404"):
        await world.load(image_id, mode="only-if-cached")


async def test_what_is_not_there_for_one_identity_is_asked_for_by_another(world):
    world.origins.identity = "anna"
    image_id = world.loader.serve("a", missing())
    with pytest.raises(NotFound):
        await world.load(image_id)
    world.origins.identity = "bert"
    world.loader.serve("a", Answer(b"body"))

    assert (await world.load(image_id)).data == b"body"


@pytest.mark.parametrize("everything", [True, False])
async def test_evicting_an_image_forgets_that_it_was_not_there(world, everything):
    image_id = world.loader.serve("a", missing())
    with pytest.raises(NotFound):
        await world.load(image_id)
    world.loader.serve("a", Answer(b"body"))

    if everything:
        await world.resolver.evict_all(count_only=False)
    else:
        await world.resolver.evict([image_id], count_only=False)

    assert (await world.load(image_id)).data == b"body"


async def test_a_stale_copy_serves_while_its_origin_has_asked_for_a_pause(world):
    image_id = world.loader.serve("a", Answer(b"body", headers={"cache-control": "max-age=0"}))
    await world.load(image_id)
    world.loader.serve("a", Answer(error=failure(503, {"retry-after": "9"}, 0.0)))

    loaded = [await world.load(image_id) for _ in range(3)]

    assert [each.status for each in loaded] == ["stale"] * 3
    assert world.loader.opened == ["a", "a"]


async def test_an_image_that_has_vanished_is_not_served_from_what_is_left_of_it(world):
    image_id = world.loader.serve("a", Answer(b"body", headers={"cache-control": "max-age=60"}))
    await world.load(image_id)
    world.loader.serve("a", missing())
    with pytest.raises(NotFound):
        await world.load(image_id, mode="no-cache")

    with pytest.raises(NotFound):
        await world.load(image_id)


class Hesitant(ScriptedLoader):
    """Asks the origin once `released` is set."""

    def __init__(self):
        super().__init__()
        self.released = asyncio.Event()
        self.released.set()

    @asynccontextmanager
    async def open(self, request):
        self.has_opened.set()
        await self.released.wait()
        async with super().open(request) as source:
            yield source


async def test_who_joins_the_confirmation_of_a_copy_that_is_gone_gets_it_fetched(tmp_path):
    loader = Hesitant()
    async with world_at(tmp_path, loader=loader, decodes=False) as world:
        answer = Answer(b"data", headers={"etag": '"1"', "cache-control": "max-age=0"})
        image_id = loader.serve("a", answer).replace("x:", "scripted:")
        await world.load(image_id)
        loader.released.clear()
        loader.has_opened.clear()

        first = asyncio.create_task(world.load(image_id))
        await loader.has_opened.wait()
        await world.resolver.evict([image_id], count_only=False)
        second = asyncio.create_task(world.load(image_id))
        (fill,) = world.resolver._sources._fills._running.values()
        while fill.callers < 2:  # noqa: ASYNC110 - no event tells that a caller has joined
            await asyncio.sleep(0)
        loader.released.set()

        # The first has had the copy open all the while.
        assert [(await each).data for each in (first, second)] == [b"data", b"data"]
        assert (await second).status == "miss"


async def test_a_304_about_another_answer_confirms_nothing(world):
    image_id = world.loader.serve("a", Answer(b"old", headers={**GRACE, "cache-control": ""}))
    await world.load(image_id)
    confused = Answer(b"new", headers={**FRESH, "etag": '"2"'})
    confused.error = NotModified({"etag": '"2"'})  # once
    world.loader.serve("a", confused)

    again = await world.load(image_id)

    assert (again.data, again.status) == (b"new", "miss")


async def test_instances_that_are_declared_immutable_are_never_asked_for_again(world):
    world.origins.immutable = True
    answer = Answer(b"body", headers={"cache-control": "no-cache", "etag": ETAG})
    for name in ("instance", "document"):
        resource = Resource(name, f"x://{name}", is_instance=name == "instance")
        world.loader.serve(name, answer, Image(resource))
        await world.load(f"x:{name}")

    assert (await world.load("x:instance")).status == "hit"
    assert (await world.load("x:document")).status == "revalidated"
    assert (await world.load("x:instance", mode="no-cache")).status == "revalidated"
    assert (await world.load("x:instance")).status == "hit"


async def test_a_copy_that_will_not_stay_fresh_for_long_enough_is_confirmed(world):
    image_id = world.loader.serve("a", Answer(b"body", headers={**FRESH, "etag": ETAG}))
    await world.load(image_id)

    assert (await world.load(image_id, min_fresh=30)).status == "hit"
    assert (await world.load(image_id, min_fresh=61)).status == "revalidated"


@pytest.mark.parametrize(
    ("cache_control", "share_public", "status"),
    [
        ("max-age=60, public", True, "hit"),
        ("max-age=60, public", False, "miss"),
        ("max-age=60", True, "miss"),
        ("max-age=60, private", True, "miss"),
    ],
)
async def test_others_are_served_only_what_origin_and_configuration_share(
    world, cache_control, share_public, status
):
    world.origins.share_public = share_public
    image_id = world.loader.serve("a", Answer(b"body", headers={"cache-control": cache_control}))
    world.origins.identity = "anna"
    await world.load(image_id)

    world.origins.identity = "bert"

    assert (await world.load(image_id)).status == status


async def test_who_shares_what_is_public_keeps_what_is_not(world):
    world.origins.identity, world.origins.share_public = "anna", True
    image_id = world.loader.serve("a", Answer(b"body", headers=FRESH))
    await world.load(image_id)

    assert (await world.load(image_id)).status == "hit"


async def test_what_nobody_was_shown_without_the_word_public_is_not_shown_to_somebody(world):
    world.origins.share_public = True
    image_id = world.loader.serve("a", Answer(b"please log in", headers=FRESH))
    await world.load(image_id)

    world.origins.identity = "anna"

    assert (await world.load(image_id)).status == "miss"


async def test_a_public_copy_is_evicted_by_whoever_sees_it(world):
    world.origins.identity, world.origins.share_public = "anna", True
    headers = {"cache-control": "max-age=60, public"}
    image_id = world.loader.serve("a", Answer(b"body", headers=headers))
    await world.load(image_id)

    world.origins.identity = "bert"
    await world.resolver.evict([image_id], count_only=False)

    assert (await world.load(image_id)).status == "miss"
