"""A resource's URL as entries and events show it: without what may be a secret. Pure."""

from __future__ import annotations

import re

# Access tokens and signatures as web servers and object stores put them into queries:
# access_token, X-Amz-Signature, X-Amz-Credential, sig, api_key, …
_SECRET = re.compile(
    r"token|sig|secret|passw|pwd|auth|credential|session|ticket|jwt|code|key", re.IGNORECASE
)
_HIDDEN = "…"


def shown_url(url: str) -> str:
    """The URL with the values of such parameters hidden; a URL has no user and password here."""
    path, question, query = url.partition("?")
    return path + question + "&".join(map(_shown, query.split("&")))


def _shown(parameter: str) -> str:
    name, equals, _ = parameter.partition("=")
    return f"{name}={_HIDDEN}" if equals and _SECRET.search(name) else parameter
