"""`//server/…` in an imageId: an origin of the configuration by its name, or a host.

A host is reached by https. Where it offers DICOMweb nobody says, so that is a convention
here: below /dicom-web, as Orthanc and OHIF's examples have it; another place is an
`[origins.NAME]` or is written out, `wadors://host/other/place/studies/…`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from imageid_loaders.base import Origin
from imageid_loaders.errors import InvalidImageId
from imageid_loaders.url import by_name, split_server

_UID = re.compile(r"[0-9.]{1,64}")
_LEVELS = ("studies", "series", "instances")


def wado_rs_url(rest: str, origins: Mapping[str, Origin]) -> str:
    """The URL for `//server/{study}[/{series}[/{instance}[/…]]]` or `//server/…/studies/…`.

    Raises:
        errors.InvalidImageId: it has neither form.
    """
    server, path = split_server(rest)
    origin = by_name(origins, server)
    path, question, query = path.partition("?")
    if "/studies/" in path:
        prefix = origin.url.rstrip("/") if origin else f"https://{server}"
    else:
        prefix = origin.url.rstrip("/") if origin else f"https://{server}/dicom-web"
        path = _long_path(path)
    return prefix + path + question + query


def wado_uri_url(rest: str, origins: Mapping[str, Origin]) -> str:
    """The URL for `//server/wado/{study}/{series}/{instance}[?…]`.

    An origin without a `wado_uri` is asked for the same instance by WADO-RS.

    Raises:
        errors.InvalidImageId: it has not that form.
    """
    server, path = split_server(rest)
    path, question, query = path.partition("?")
    service, *uids = path.strip("/").split("/")
    if service != "wado" or len(uids) != 3 or not all(map(_UID.fullmatch, uids)):
        raise InvalidImageId(
            "After the server is expected: /wado/{study UID}/{series UID}/{SOP instance UID}."
        )
    origin = by_name(origins, server)
    if origin and not origin.wado_uri:
        return origin.url.rstrip("/") + _long_path("/" + "/".join(uids)) + question + query
    endpoint = origin.wado_uri if origin and origin.wado_uri else f"https://{server}/wado"
    study, series, instance = uids
    # The slash stays a slash: Orthanc does not percent-decode it and answers 400.
    parameters = (
        f"requestType=WADO&studyUID={study}&seriesUID={series}&objectUID={instance}"
        "&contentType=application/dicom"
    )
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{parameters}" + (
        "&" + query if query else ""
    )


def _long_path(path: str) -> str:
    """`/{study}/{series}/{instance}/frames/1` with the words of WADO-RS put in."""
    parts = path.removeprefix("/").rstrip("/").split("/")
    uids, rest = parts[:3], parts[3:]
    if not all(map(_UID.fullmatch, uids)):
        raise InvalidImageId(
            "After the server is expected: /{study UID}/{series UID}/{SOP instance UID}"
            "[/frames/{number}], or a path with /studies/."
        )
    words = [f"/{word}/{uid}" for word, uid in zip(_LEVELS, uids, strict=False)]
    return "".join(words) + "".join(f"/{part}" for part in rest)
