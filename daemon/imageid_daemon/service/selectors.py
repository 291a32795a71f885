"""Which entries a selector of the contract means."""

from __future__ import annotations

import time
from collections.abc import Callable

from imageid.v1 import cache_service_pb2 as pb
from imageid_daemon.cache import Entry
from imageid_daemon.resolver import Catalogue, selection
from imageid_daemon.resolver.selection import Chosen
from imageid_daemon.service import requests
from imageid_loaders.errors import InvalidOption

OriginUrls = Callable[[str], tuple[str, ...]]


async def chosen_of(
    selector: pb.ImageSelector, catalogue: Catalogue, origin_urls: OriginUrls
) -> Chosen:
    """The entries that it means.

    Args:
        origin_urls: of the configured origin of a name.

    Raises:
        ImageError: it names nothing, or what is no imageId.
    """
    chosen = await _by_kind(selector, catalogue, origin_urls)
    if not selector.HasField("older_than"):
        return chosen
    age_seconds = requests.seconds_of(selector.older_than, "older_than")
    return selection.older(chosen, age_seconds, time.time())


async def _by_kind(
    selector: pb.ImageSelector, catalogue: Catalogue, origin_urls: OriginUrls
) -> Chosen:
    kind = selector.WhichOneof("kind")
    value = getattr(selector, kind) if kind else None
    if kind == "image_ids":
        image_ids = image_ids_of(selector)
        return _members(await catalogue.keys_of_images(image_ids))
    if value:
        match kind:
            case "all":
                return selection.everything
            case "id_prefix":
                return selection.by_prefix(value)
            case "study_instance_uid":
                return selection.by_study(value)
            case "series_instance_uid":
                return selection.by_series(value)
            case "origin":
                return selection.by_origin(value, origin_urls(value))
            case "tag":
                return _members(catalogue.keys_of_tag(value))
    raise InvalidOption("The selector names nothing. Give image_ids, or all.", field="selector")


def image_ids_of(selector: pb.ImageSelector) -> list[str]:
    """
    Raises:
        ImageError: they are too many, or one cannot be handed to a loader.
    """
    image_ids = selector.image_ids.image_ids
    requests.check_count(image_ids)
    return [requests.image_id_of(image_id) for image_id in image_ids]


def _members(keys: set[str]) -> Chosen:
    def chosen(entry: Entry) -> bool:
        return entry.key in keys

    return chosen
