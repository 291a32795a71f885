"""The required tests that fail, and why. None may come, and one that passes must go."""

_SHARED = "asks what a shared cache must do; this one is private to an identity"
_SURROGATE = "Surrogate-Control is for a site's own accelerators, and no standard"
_NO_ANSWER = (
    "cannot be passed: the origin hangs up without an answer, and the test wants that answer's "
    "number"
)
_FORBIDDEN = f"{_NO_ANSWER}; the caller gets an error, not the stale copy, as it must be"
_FORBIDDEN_TO_SHARED = f"{_NO_ANSWER}; and it {_SHARED}"
_CODING = (
    "the coding is no coding: the transport undoes codings and refuses those that it does not know"
)

KNOWN_FAILURES = {
    "304-etag-update-response-Content-Encoding": _CODING,
    "age-parse-prefix": (
        "wants `Age: 0,7200` to be fresh, where age-parse-prefix-twoline wants the same value on "
        "two lines to be stale; an Age that is no number counts as old here"
    ),
    "cc-resp-private-shared": _SHARED,
    "headers-store-Content-Encoding": _CODING,
    "headers-store-Transfer-Encoding": (
        "the transfer coding is no coding: where the body ends is unknown, and HTTP/1.1 forbids "
        "to guess (RFC 9112 section 6.3)"
    ),
    "stale-close-must-revalidate": _FORBIDDEN,
    "stale-close-no-cache": _FORBIDDEN,
    "stale-close-proxy-revalidate": _FORBIDDEN_TO_SHARED,
    "stale-close-s-maxage=2": _FORBIDDEN_TO_SHARED,
    "surrogate-fresh-cc-nostore": _SURROGATE,
    "surrogate-max-age-0-expires": _SURROGATE,
    "surrogate-max-age-long-cc-max-age": _SURROGATE,
    "surrogate-no-store-cc-fresh": _SURROGATE,
}
