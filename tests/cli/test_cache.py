"""`imageid cache stats` and `imageid cache rm`."""

from __future__ import annotations

import json

import pytest

from clients.python.scripted_daemon import ScriptedDaemon, says
from imageid.v1 import cache_service_pb2 as cache_v1


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


@pytest.mark.parametrize("arguments", [(), ("example://1", "--all")])
def test_what_to_forget_must_be_said(arguments, run_with_daemon, scripted) -> None:
    done = run_with_daemon("cache", "rm", *arguments)

    assert done.exit_code == 2
    assert scripted.calls == []
