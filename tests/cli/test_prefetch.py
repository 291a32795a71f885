"""`imageid prefetch`."""

from __future__ import annotations

import io
import json
import sys

import pytest

from clients.python.scripted_daemon import ScriptedDaemon, says
from imageid.v1 import image_service_pb2 as v1
from imageid.v1 import types_pb2 as types

BROUGHT = v1.PrefetchResult(
    index=0, size_bytes=2048, cache_status=types.CACHE_STATUS_MISS, stored=True
)
FAILED = v1.PrefetchResult(
    index=1, error_code=5, error_reason="IMAGE_NOT_FOUND", error_message="There is none."
)


def test_what_was_brought_is_summed_up(run_with_daemon, scripted: ScriptedDaemon) -> None:
    scripted.script("PrefetchImages", says(v1.PrefetchImagesResponse(results=[BROUGHT])))

    done = run_with_daemon("prefetch", "example://1", "--as", "pixels", "--as", "encoded")

    assert (done.exit_code, done.stdout) == (0, "1 of 1 images, 2.0 KiB\n")
    kinds = [spec.WhichOneof("kind") for spec in scripted.last_call.request.outputs]
    assert kinds == ["pixels", "encoded"]


def test_a_failed_image_is_named_and_the_end_is_not_good(
    run_with_daemon, scripted: ScriptedDaemon
) -> None:
    scripted.script("PrefetchImages", says(v1.PrefetchImagesResponse(results=[FAILED, BROUGHT])))

    done = run_with_daemon("prefetch", "example://1", "example://99")

    assert done.exit_code == 1
    assert done.stdout == "1 of 2 images, 2.0 KiB\n"
    assert done.stderr == "imageid: example://99: There is none. (IMAGE_NOT_FOUND)\n"


def test_images_that_passed_through_are_said(run_with_daemon, scripted: ScriptedDaemon) -> None:
    passed = v1.PrefetchResult(index=0, cache_status=types.CACHE_STATUS_BYPASS)
    scripted.script("PrefetchImages", says(v1.PrefetchImagesResponse(results=[passed])))

    done = run_with_daemon("prefetch", "example://1")

    assert done.stdout == "1 of 1 images, 0 bytes; the cache did not take 1 of them\n"


def test_ids_are_read_from_a_pipe(
    run_with_daemon, scripted: ScriptedDaemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted.script("PrefetchImages", says())
    monkeypatch.setattr(sys, "stdin", io.StringIO("example://1\n\n  example://2  \n"))

    run_with_daemon("prefetch", "-", "--keep-for", "12h", "--tag", "round")

    request = scripted.last_call.request
    assert list(request.image_ids) == ["example://1", "example://2"]
    assert (request.keep_for.ToSeconds(), request.tag) == (12 * 3600, "round")


def test_the_result_in_json(run_with_daemon, scripted: ScriptedDaemon) -> None:
    scripted.script("PrefetchImages", says(v1.PrefetchImagesResponse(results=[BROUGHT, FAILED])))

    said = json.loads(run_with_daemon("prefetch", "example://1", "example://99", "--json").stdout)

    assert (said["done"], said["failed"], said["size_bytes"]) == (1, 1, 2048)
    assert said["images"][0]["cache_status"] == "miss"
    assert said["images"][1]["error_reason"] == "IMAGE_NOT_FOUND"


def test_what_to_prefetch_must_be_said(run_with_daemon, scripted: ScriptedDaemon) -> None:
    done = run_with_daemon("prefetch")

    assert done.exit_code == 2
    assert scripted.calls == []
