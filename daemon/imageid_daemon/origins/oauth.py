"""Client credentials of OAuth 2 (RFC 6749 section 4.4): the request and its answer. Pure."""

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
    """Args: fresh_until_seconds: infinite where unknown; both on the clock of whoever asked."""

    value: str = field(repr=False)
    since_seconds: float
    fresh_until_seconds: float


class _Granted(msgspec.Struct):
    access_token: str
    token_type: str
    expires_in: float | None = None


class _Refused(msgspec.Struct):
    error: str = ""


def token_request(origin: OriginSettings, secret: str | None) -> tuple[dict[str, str], bytes]:
    """Give fields and body of the POST that asks for a token.

    Args:
        secret: of the client; None where its certificate says who it is (RFC 8705).
    """
    form = {"grant_type": "client_credentials"}
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
    is_field = token.isascii() and token.isprintable() and token and " " not in token
    if not is_field or granted.token_type.lower() != "bearer":
        raise Unauthenticated(
            f"the token endpoint of origin {origin_name} gave no bearer token; check its URL"
        )
    if life_seconds is None:
        return Token(token, now_seconds, float("inf"))
    leeway_seconds = min(_LEEWAY_SECONDS, _LEEWAY_SHARE * life_seconds)
    return Token(token, now_seconds, now_seconds + life_seconds - leeway_seconds)


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
