"""Requests for tokens of OAuth 2, and their answers. Pure.

A client asks in its own right (RFC 6749 section 4.4), or with a refresh token for somebody
who once agreed to it (section 6).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import quote_plus, urlencode

import msgspec

from imageid_daemon.config import OriginSettings
from imageid_daemon.origins.credentials import basic
from imageid_loaders.errors import ImageError, Unauthenticated, Unavailable

# Used no longer than this before its end: on its way to the origin it grows older.
_LEEWAY_SECONDS = 30.0
_LEEWAY_SHARE = 0.1

# RFC 6749 section 5.2. What else an answer says is not repeated: it may repeat a secret.
_CODES = frozenset(
    {
        "invalid_request",
        "invalid_client",
        "invalid_grant",
        "unauthorized_client",
        "unsupported_grant_type",
        "invalid_scope",
    }
)


@dataclass(frozen=True, slots=True)
class Token:
    """What was given; times are on the clock of whoever asked.

    Args:
        fresh_until_seconds: infinite where unknown.
        refresh_token: takes the place of the one that was shown, which may count no more.
    """

    value: str = field(repr=False)
    since_seconds: float
    fresh_until_seconds: float
    refresh_token: str | None = field(default=None, repr=False)


class _Granted(msgspec.Struct):
    access_token: str
    token_type: str
    expires_in: float | None = None
    refresh_token: str | None = None


class _Refused(msgspec.Struct):
    error: str = ""


def token_request(
    origin: OriginSettings, secret: str | None, refresh_token: str | None
) -> tuple[dict[str, str], bytes]:
    """Give fields and body of the POST that asks for a token.

    Args:
        secret: of the client; None where its certificate says who it is (RFC 8705), or
            where it is a public one.
        refresh_token: None to ask in the client's own right.
    """
    form = {"grant_type": "client_credentials"}
    if refresh_token is not None:
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
    if origin.scopes:
        form["scope"] = " ".join(origin.scopes)
    fields = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
    client_id = origin.client_id or ""
    if secret is None:
        form["client_id"] = client_id
    else:
        # Both are form-encoded before they are joined (section 2.3.1).
        fields["authorization"] = basic(quote_plus(client_id), quote_plus(secret))
    return fields, urlencode(form).encode("ascii")


def token_of(status: int, body: bytes, origin_name: str, now_seconds: float) -> Token:
    """Read the answer.

    Raises:
        Unauthenticated: it refuses, or is none.
        Unavailable: the endpoint does not work now.
    """
    if status != 200:
        raise _failure(status, body, origin_name)
    try:
        granted = msgspec.json.decode(body, type=_Granted, strict=False)
    except msgspec.DecodeError:
        granted = _Granted("", "")
    token, life_seconds = granted.access_token, granted.expires_in
    refresh_token = granted.refresh_token
    is_field = token.isascii() and token.isprintable() and token and " " not in token
    if not is_field or granted.token_type.lower() != "bearer":
        raise Unauthenticated(
            f"the token endpoint of origin {origin_name} gave no bearer token; check its URL"
        )
    if life_seconds is None:
        return Token(token, now_seconds, float("inf"), refresh_token)
    leeway_seconds = min(_LEEWAY_SECONDS, _LEEWAY_SHARE * life_seconds)
    fresh_until_seconds = now_seconds + life_seconds - leeway_seconds
    return Token(token, now_seconds, fresh_until_seconds, refresh_token)


def _failure(status: int, body: bytes, origin_name: str) -> ImageError:
    if status == 429 or status >= 500:
        return Unavailable(
            f"the token endpoint of origin {origin_name} does not work now (HTTP status {status});"
            " try again later"
        )
    try:
        code = msgspec.json.decode(body, type=_Refused).error
    except msgspec.DecodeError:
        code = ""
    why = code if code in _CODES else f"HTTP status {status}"
    return Unauthenticated(
        f"the token endpoint of origin {origin_name} refuses: {why}; check token_endpoint,"
        " client_id, its secret and scopes"
    )
