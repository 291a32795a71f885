"""Who asks for an image that broke off fetches the rest alone, and gets one body, never two."""

from __future__ import annotations

import asyncio
import hashlib
import random
import time
from contextlib import asynccontextmanager

import pytest
from tests.resolver.conftest import demand_of, world_at

from imageid_daemon.cache import Keeping, Mode
from imageid_daemon.config import Network, OriginSettings
from imageid_daemon.fills import Patience
from imageid_daemon.metrics import Metrics
from imageid_daemon.origins import Origins
from imageid_daemon.resolver import selection
from imageid_loaders.base import Settings
from imageid_loaders.errors import ContentChanged, Corrupt
from imageid_loaders.wado_rs import WadoRsLoader
from imageid_loaders.web import WebLoader
from origins.scripted import Ranged, ScriptedOrigin

OLD, NEW = random.Random(1).randbytes(900_000), random.Random(2).randbytes(900_000)
BROKEN_AT = 700_000


@pytest.fixture
async def origin():
    async with ScriptedOrigin() as scripted:
        yield scripted


@asynccontextmanager
async def daemon(directory, origin, loader=None, pacs=None, **settings):
    """A daemon that asks an origin once, so that what breaks off reaches its callers."""
    pacs = pacs or OriginSettings("pacs", origin.url, retries=0)
    origins = Origins(
        network=Network(),
        origins={"pacs": pacs},
        environ={},
        max_image_bytes=2**30,
        metrics=Metrics(),
    )
    async with world_at(
        directory / "cache",
        decodes=False,
        loader=loader or WebLoader(Settings()),
        origins=origins,
        **settings,
    ) as world:
        yield world
    await origins.aclose()


async def broken_off(world, image_id):
    with pytest.raises(Corrupt):
        await world.load(image_id)


async def test_a_later_caller_gets_the_whole_for_the_price_of_the_rest(tmp_path, origin):
    lasting = {"Cache-Control": "max-age=60"}
    ranged = Ranged(OLD, '"1"', breaks=[BROKEN_AT], headers=lasting)
    image_id = f"web:{origin.route('/image', ranged)}"
    async with daemon(tmp_path, origin) as world:
        await broken_off(world, image_id)
        kept_bytes = world.store.ledger.partial_bytes

        loaded = await world.load(image_id)

        assert kept_bytes == BROKEN_AT
        assert loaded.data == OLD
        assert loaded.digest == hashlib.sha256(OLD).hexdigest()
        assert ranged.asked == [None, f"bytes={BROKEN_AT}-"]
        assert (len(world.store.partials), world.store.ledger.partial_bytes) == (0, 0)
        assert list((tmp_path / "cache" / "partials").iterdir()) == []
        assert (await world.load(image_id)).status == "hit"


async def test_it_is_kept_over_a_restart(tmp_path, origin):
    ranged = Ranged(OLD, '"1"', breaks=[BROKEN_AT])
    image_id = f"web:{origin.route('/image', ranged)}"
    async with daemon(tmp_path, origin) as world:
        await broken_off(world, image_id)

    async with daemon(tmp_path, origin) as world:
        assert world.store.ledger.partial_bytes == BROKEN_AT
        assert (await world.load(image_id)).data == OLD

    assert ranged.asked == [None, f"bytes={BROKEN_AT}-"]


async def test_a_fetch_that_everybody_has_left_is_continued_by_who_comes_back(tmp_path, origin):
    size_bytes = 4_000_000
    body = random.Random(3).randbytes(size_bytes)
    ranged = Ranged(body, '"1"', breaks=[BROKEN_AT], released=asyncio.Event())
    image_id = f"web:{origin.route('/image', ranged)}"
    async with daemon(tmp_path, origin) as world:
        caller = asyncio.create_task(world.load(image_id))
        async with world.resolver.load(image_id, None, demand_of()) as answer:
            await answer.body.arrived(BROKEN_AT - 1)
            caller.cancel()
            await asyncio.wait([caller])

        # At once: what the dying fetch has is waited for.
        loaded = await world.load(image_id)

        assert loaded.data == body
        assert ranged.asked == [None, f"bytes={BROKEN_AT}-"]


async def test_what_was_replaced_meanwhile_is_fetched_whole(tmp_path, origin):
    ranged = Ranged(OLD, '"1"', breaks=[BROKEN_AT])
    image_id = f"web:{origin.route('/image', ranged)}"
    async with daemon(tmp_path, origin) as world:
        await broken_off(world, image_id)
        ranged.body, ranged.etag = NEW, '"2"'

        assert (await world.load(image_id)).data == NEW
        assert len(world.store.partials) == 0


@pytest.mark.parametrize(
    "lie",
    [
        "ignores ranges", "names no validator", "begins too late", "names another size",
        "is not satisfied",
    ],
)  # fmt: skip
async def test_an_origin_that_cannot_continue_it_is_asked_for_the_whole(tmp_path, origin, lie):
    ranged = Ranged(OLD, '"1"', breaks=[BROKEN_AT])
    image_id = f"web:{origin.route('/image', ranged)}"
    async with daemon(tmp_path, origin) as world:
        await broken_off(world, image_id)
        ranged.lie = lie

        assert (await world.load(image_id)).data == OLD
        assert ranged.asked[1] == f"bytes={BROKEN_AT}-"
        assert len(world.store.partials) == 0


async def test_a_damaged_beginning_is_not_used(tmp_path, origin):
    ranged = Ranged(OLD, '"1"', breaks=[BROKEN_AT])
    image_id = f"web:{origin.route('/image', ranged)}"
    async with daemon(tmp_path, origin) as world:
        await broken_off(world, image_id)
        (kept,) = (path for path in (tmp_path / "cache" / "partials").iterdir() if not path.suffix)
        data = kept.read_bytes()
        kept.write_bytes(data[:1000] + b"!" + data[1001:])

        assert (await world.load(image_id)).data == OLD
        assert ranged.asked == [None, None]


async def test_one_that_breaks_off_again_is_kept_as_far_as_it_came(tmp_path, origin):
    ranged = Ranged(OLD, '"1"', breaks=[BROKEN_AT, 50_000])
    image_id = f"web:{origin.route('/image', ranged)}"
    async with daemon(tmp_path, origin) as world:
        await broken_off(world, image_id)
        await broken_off(world, image_id)

        assert (await world.load(image_id)).data == OLD
        assert ranged.asked[1:] == [f"bytes={BROKEN_AT}-", f"bytes={BROKEN_AT + 50_000}-"]


async def test_an_image_that_changed_on_its_way_is_had_anew_by_who_asks_again(tmp_path, origin):
    ranged = Ranged(OLD, '"1"', breaks=[BROKEN_AT], released=asyncio.Event())
    image_id = f"web:{origin.route('/image', ranged)}"
    pacs = OriginSettings("pacs", origin.url, timeout_seconds=0.2)
    async with daemon(tmp_path, origin, pacs=pacs) as world:
        async with world.resolver.load(image_id, None, demand_of()) as answer:
            await answer.body.arrived(BROKEN_AT - 1)
            ranged.body, ranged.etag = NEW, '"2"'
            with pytest.raises(ContentChanged):
                await answer.whole()

        assert len(world.store.partials) == 0
        assert (await world.load(image_id)).data == NEW


async def test_what_is_pinned_is_fetched_to_its_end_though_everybody_has_left(tmp_path, origin):
    ranged = Ranged(OLD, '"1"', headers={"Cache-Control": "max-age=0"})
    image_id = f"web:{origin.route('/image', ranged)}"
    patience = Patience(missing_bytes=0, done_share=1.0)
    async with daemon(tmp_path, origin, patience=patience) as world:
        await world.load(image_id)
        await world.resolver.catalogue.pin([image_id], time.time() + 60.0, "")
        ranged.breaks, ranged.released = [BROKEN_AT], asyncio.Event()
        async with world.resolver.load(image_id, None, demand_of()) as answer:
            await answer.body.arrived(BROKEN_AT - 1)
        assert world.resolver.running_fills == 1

        async with world.resolver.load(image_id, None, demand_of()) as answer:
            ranged.released.set()
            await answer.whole()
            assert answer.status.value == "coalesced"


async def test_an_instance_that_comes_without_multipart_is_continued(tmp_path, origin):
    ranged = Ranged(OLD, '"1"', breaks=[BROKEN_AT], content_type="application/dicom")
    url = origin.route("/studies/1.2/series/1.3/instances/1.4", ranged)
    async with daemon(tmp_path, origin, WadoRsLoader(Settings())) as world:
        await broken_off(world, f"wadors:{url}")

        assert (await world.load(f"wadors:{url}")).data == OLD
        assert ranged.asked == [None, f"bytes={BROKEN_AT}-"]


async def test_a_part_of_a_multipart_answer_is_not_kept(tmp_path, origin):
    boundary = "b"
    part = b"--b\r\nContent-Type: application/dicom\r\n\r\n" + OLD + b"\r\n--b--\r\n"
    ranged = Ranged(
        part, '"1"', breaks=[BROKEN_AT],
        content_type=f'multipart/related; type="application/dicom"; boundary={boundary}',
    )  # fmt: skip
    url = origin.route("/studies/1.2/series/1.3/instances/1.4", ranged)
    async with daemon(tmp_path, origin, WadoRsLoader(Settings())) as world:
        await broken_off(world, f"wadors:{url}")

        assert len(world.store.partials) == 0
        assert (await world.load(f"wadors:{url}")).data == OLD
        assert ranged.asked == [None, None]


async def test_what_the_origin_forbids_to_store_is_not_kept(tmp_path, origin):
    no_store = {"Cache-Control": "no-store"}
    ranged = Ranged(OLD, '"1"', breaks=[BROKEN_AT], headers=no_store)
    image_id = f"web:{origin.route('/image', ranged)}"
    async with daemon(tmp_path, origin) as world:
        await broken_off(world, image_id)

        assert len(world.store.partials) == 0


async def test_it_is_forgotten_with_its_image_and_with_everything(tmp_path, origin):
    one = "web:" + origin.route("/one", Ranged(OLD, '"1"', breaks=[BROKEN_AT]))
    other = "web:" + origin.route("/other", Ranged(NEW, '"2"', breaks=[BROKEN_AT]))
    async with daemon(tmp_path, origin) as world:
        await broken_off(world, one)
        await broken_off(world, other)

        await world.resolver.evict([one], count_only=False)
        after_one = len(world.store.partials)
        await world.resolver.evict_all(count_only=False)

        assert (after_one, len(world.store.partials)) == (1, 0)
        assert list((tmp_path / "cache" / "partials").iterdir()) == []


def of_tagged(world, tag):
    keys = world.resolver.catalogue.keys_of_tag(tag)
    return lambda entry: entry.key in keys


@pytest.mark.parametrize(
    "chosen_of",
    [
        lambda origin: selection.by_prefix(f"web:{origin.url}/studies/1.2/"),
        lambda origin: selection.by_study("1.2"),
        lambda origin: selection.by_series("1.2.3"),
        lambda origin: selection.by_origin("pacs", [f"{origin.url}/studies/1.2"]),
        lambda origin: selection.older(selection.by_study("1.2"), -1.0, time.time()),
    ],
    ids=["prefix", "study", "series", "origin", "age"],
)
async def test_it_is_forgotten_with_the_images_that_a_selector_means(tmp_path, origin, chosen_of):
    meant = "web:" + origin.route("/studies/1.2/1.2.3", Ranged(OLD, '"1"', breaks=[BROKEN_AT]))
    other = "web:" + origin.route("/studies/1.20/1.20.3", Ranged(NEW, '"2"', breaks=[BROKEN_AT]))
    async with daemon(tmp_path, origin) as world:
        await broken_off(world, meant)
        await broken_off(world, other)
        chosen = chosen_of(origin)

        await world.resolver.evict_chosen(chosen, count_only=True, include_pinned=False)
        after_counting = len(world.store.partials)
        await world.resolver.evict_chosen(chosen, count_only=False, include_pinned=False)

        assert (after_counting, len(world.store.partials)) == (2, 1)
        assert len(list((tmp_path / "cache" / "partials").iterdir())) == 2  # bytes and facts


async def test_one_that_is_younger_than_what_is_forgotten_stays(tmp_path, origin):
    image_id = "web:" + origin.route("/image", Ranged(OLD, '"1"', breaks=[BROKEN_AT]))
    async with daemon(tmp_path, origin) as world:
        await broken_off(world, image_id)
        old = selection.older(selection.everything, 60.0, time.time())

        await world.resolver.evict_chosen(old, count_only=False, include_pinned=True)

        assert len(world.store.partials) == 1


async def test_it_is_forgotten_with_what_is_pinned_under_a_label(tmp_path, origin):
    # Stored and pinned; then the origin has another, which breaks off.
    lasting = {"Cache-Control": "max-age=60"}
    image_id = "web:" + origin.route("/image", Ranged(NEW, '"0"', headers=lasting))
    async with daemon(tmp_path, origin) as world:
        await world.load(image_id)
        await world.resolver.catalogue.pin([image_id], time.time() + 60.0, "round")
        origin.route("/image", Ranged(OLD, '"1"', breaks=[BROKEN_AT]))
        with pytest.raises(Corrupt):
            await world.load(image_id, mode=Mode.RELOAD.value)
        chosen = of_tagged(world, "round")
        before = len(world.store.partials)

        await world.resolver.evict_chosen(chosen, count_only=False, include_pinned=True)

        assert (before, len(world.store.partials)) == (1, 0)


async def test_after_a_restart_it_is_still_known_whose_it_is(tmp_path, origin):
    image_id = "web:" + origin.route("/studies/1.2/a", Ranged(OLD, '"1"', breaks=[BROKEN_AT]))
    async with daemon(tmp_path, origin) as world:
        await broken_off(world, image_id)
    async with daemon(tmp_path, origin) as world:
        before = len(world.store.partials)
        chosen = selection.by_study("1.2")

        await world.resolver.evict_chosen(chosen, count_only=False, include_pinned=False)

        assert (before, len(world.store.partials)) == (1, 0)


async def test_it_is_kept_for_its_time_and_no_longer(tmp_path, origin):
    ranged = Ranged(OLD, '"1"', breaks=[BROKEN_AT])
    image_id = f"web:{origin.route('/image', ranged)}"
    async with daemon(tmp_path, origin, keeping=Keeping(seconds=60.0)) as world:
        await broken_off(world, image_id)

        await world.store.partials.expire(time.time() + 59.0)
        in_time = len(world.store.partials)
        await world.store.partials.expire(time.time() + 61.0)

        assert (in_time, len(world.store.partials)) == (1, 0)
        assert world.store.ledger.partial_bytes == 0


async def test_the_credentials_of_another_do_not_find_it(tmp_path, origin):
    ranged = Ranged(OLD, '"1"', breaks=[BROKEN_AT])
    image_id = f"web:{origin.route('/image', ranged)}"
    async with daemon(tmp_path, origin) as world:
        await broken_off(world, image_id)
        (tmp_path / "token").write_text("secret")
        (tmp_path / "token").chmod(0o600)
        mine = OriginSettings("pacs", origin.url, retries=0, token_file=tmp_path / "token")
        world.origins.replace(
            network=Network(), origins={"pacs": mine}, environ={}, max_image_bytes=2**30
        )

        assert (await world.load(image_id)).data == OLD
        assert ranged.asked == [None, None]
