"""`imageid cache` stats, ls, rm, clear, verify and pin."""

from __future__ import annotations

import json

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from clients.python.scripted_daemon import ScriptedDaemon, says
from imageid.v1 import cache_service_pb2 as cache_v1
from imageid.v1 import types_pb2 as types

PIXELS = cache_v1.CacheEntry(
    url="https://pacs/b",
    representation=types.REPRESENTATION_PIXELS,
    frame_number=7,
    size_bytes=2048,
    pinned_until=Timestamp(seconds=4102444800),
    tag="round",
    sha256=b"\xab",
)
ENCODED = cache_v1.CacheEntry(
    url="https://pacs/a", representation=types.REPRESENTATION_ENCODED, size_bytes=5
)


def test_statistics(run_with_daemon, scripted: ScriptedDaemon) -> None:
    answer = cache_v1.GetCacheStatsResponse(
        directory="/cache", entries=3, evicted_blobs=2, evicted_bytes=2048, limit_bytes=1 << 30
    )
    scripted.script("GetCacheStats", says(answer))

    said = run_with_daemon("cache", "stats").stdout

    assert "directory      /cache\n" in said
    assert "stored         0 bytes of 1.0 GiB\n" in said
    assert "evicted        2 blobs, 2.0 KiB\n" in said
    assert "requests       none\n" in said


def test_statistics_in_json_have_every_field(run_with_daemon, scripted: ScriptedDaemon) -> None:
    scripted.script("GetCacheStats", says(cache_v1.GetCacheStatsResponse(entries=3)))

    said = json.loads(run_with_daemon("cache", "stats", "--json").stdout)

    assert set(said) == set(cache_v1.GetCacheStatsResponse.DESCRIPTOR.fields_by_name)
    assert said["entries"] == 3


def test_some_images_are_forgotten(run_with_daemon, scripted: ScriptedDaemon) -> None:
    answer = cache_v1.EvictImagesResponse(entries=2, freed_bytes=1536)
    scripted.script("EvictImages", says(answer))

    done = run_with_daemon("cache", "rm", "example://1", "example://2")

    selected = scripted.last_call.request.selector.image_ids.image_ids
    assert list(selected) == ["example://1", "example://2"]
    assert done.stdout == "2 entries removed, 1.5 KiB\n"


def test_all_of_them_are_counted_first(run_with_daemon, scripted: ScriptedDaemon) -> None:
    answer = cache_v1.EvictImagesResponse(entries=2, freed_bytes=1536)
    scripted.script("EvictImages", says(answer))

    done = run_with_daemon("cache", "rm", "--all", "--dry-run")

    assert scripted.last_call.request.selector.all
    assert scripted.last_call.request.validate_only
    assert done.stdout == "2 entries would be removed, 1.5 KiB\n"


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("example://1", "--all"),
        ("--study", "1.2", "--tag", "round"),
        ("--older-than", "yesterday"),
    ],
)
def test_what_to_forget_must_be_said(arguments, run_with_daemon, scripted) -> None:
    done = run_with_daemon("cache", "rm", *arguments)

    assert done.exit_code == 2
    assert scripted.calls == []


def test_images_are_forgotten_by_what_they_have_in_common(
    run_with_daemon, scripted: ScriptedDaemon
) -> None:
    scripted.script("EvictImages", says(cache_v1.EvictImagesResponse(entries=2, pinned=3)))

    done = run_with_daemon("cache", "rm", "--study", "1.2", "--older-than", "12h")

    selector = scripted.last_call.request.selector
    assert selector.study_instance_uid == "1.2"
    assert selector.older_than.ToSeconds() == 12 * 3600
    assert done.stdout == "2 entries removed, 0 bytes; 3 are pinned and stay\n"


def test_an_age_alone_means_all_that_is_so_old(run_with_daemon, scripted: ScriptedDaemon) -> None:
    scripted.script("EvictImages", says(cache_v1.EvictImagesResponse()))

    run_with_daemon("cache", "rm", "--older-than", "12h")

    assert scripted.last_call.request.selector.all


def test_everything_is_cleared_but_what_is_pinned(
    run_with_daemon, scripted: ScriptedDaemon
) -> None:
    scripted.script("EvictImages", says(cache_v1.EvictImagesResponse(entries=4, pinned=1)))

    said = json.loads(run_with_daemon("cache", "clear", "--json").stdout)

    assert scripted.last_call.request.selector.all
    assert not scripted.last_call.request.include_pinned
    assert said == {"entries": 4, "freed_bytes": 0, "pinned": 1, "dry_run": False}


def test_entries_are_listed_by_url(run_with_daemon, scripted: ScriptedDaemon) -> None:
    answer = cache_v1.ListCacheEntriesResponse(entries=[PIXELS, ENCODED])
    scripted.script("ListCacheEntries", says(answer))

    first, second = run_with_daemon("cache", "ls").stdout.splitlines()

    assert first.split() == ["5", "bytes", "encoded", "https://pacs/a"]
    assert second.startswith("2.0 KiB  pixels 7  pinned for ")
    assert second.endswith(" round  https://pacs/b")


def test_entries_in_json(run_with_daemon, scripted: ScriptedDaemon) -> None:
    answer = cache_v1.ListCacheEntriesResponse(entries=[PIXELS])
    scripted.script("ListCacheEntries", says(answer))

    arguments = ("--prefix", "https://pacs/", "--as", "pixels", "--json")
    (said,) = json.loads(run_with_daemon("cache", "ls", *arguments).stdout)

    request = scripted.last_call.request
    assert request.selector.id_prefix == "https://pacs/"
    assert request.representation == types.REPRESENTATION_PIXELS
    assert (said["url"], said["frame_number"], said["sha256"]) == ("https://pacs/b", 7, "ab")
    assert said["pinned_until"] == "2100-01-01T00:00:00+00:00"


def test_an_empty_cache_lists_nothing(run_with_daemon, scripted: ScriptedDaemon) -> None:
    scripted.script("ListCacheEntries", says(cache_v1.ListCacheEntriesResponse()))

    assert run_with_daemon("cache", "ls").stdout == ""


def test_a_walk_that_finds_nothing_ends_well(run_with_daemon, scripted: ScriptedDaemon) -> None:
    answer = cache_v1.VerifyCacheResponse(checked_blobs=2, checked_bytes=1536, total_blobs=2)
    scripted.script("VerifyCache", says(answer))

    done = run_with_daemon("cache", "verify")

    assert done.exit_code == 0
    assert done.stdout == "2 blobs checked, 1.5 KiB; 0 were damaged and are put aside\n"


def test_a_walk_that_finds_damage_says_so_to_programs_too(
    run_with_daemon, scripted: ScriptedDaemon
) -> None:
    answer = cache_v1.VerifyCacheResponse(checked_blobs=2, total_blobs=2, corrupt_blobs=1)
    scripted.script("VerifyCache", says(answer))

    done = run_with_daemon("cache", "verify", "--json")

    assert done.exit_code == 1
    said = json.loads(done.stdout)
    assert set(said) == set(cache_v1.VerifyCacheResponse.DESCRIPTOR.fields_by_name)
    assert said["corrupt_blobs"] == 1


def test_what_is_not_stored_cannot_be_pinned(run_with_daemon, scripted: ScriptedDaemon) -> None:
    scripted.script("PinImages", says(cache_v1.PinImagesResponse(not_stored=[1])))

    done = run_with_daemon(
        "cache", "pin", "example://1", "example://2", "--keep-for", "12h", "--tag", "round"
    )

    request = scripted.last_call.request
    assert (request.keep_for.ToSeconds(), request.tag) == (12 * 3600, "round")
    assert (done.exit_code, done.stdout) == (1, "1 images pinned\n")
    assert done.stderr == "imageid: example://2: is not stored; prefetch it.\n"


def test_a_pin_is_ended(run_with_daemon, scripted: ScriptedDaemon) -> None:
    scripted.script("PinImages", says(cache_v1.PinImagesResponse()))

    done = run_with_daemon("cache", "pin", "example://1", "--unpin", "--json")

    assert scripted.last_call.request.unpin
    assert json.loads(done.stdout) == {"images": 1, "not_stored": []}


@pytest.mark.parametrize(
    "arguments", [("example://1",), ("example://1", "--keep-for", "1h", "--unpin"), ("--unpin",)]
)
def test_a_pin_has_an_image_and_an_end(arguments, run_with_daemon, scripted) -> None:
    done = run_with_daemon("cache", "pin", *arguments)

    assert done.exit_code == 2
    assert scripted.calls == []
