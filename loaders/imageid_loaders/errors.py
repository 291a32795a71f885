"""What can go wrong with an image, sorted by what the caller can do about it.

Each class has the reason that callers see (`google.rpc.ErrorInfo.reason`; the table
stands in proto/imageid/v1/image_service.proto). The message says what failed, why, and
what to do; it holds no URL, no UID and no patient datum, because it is logged.
"""

from __future__ import annotations

from collections.abc import Mapping

# `ImageError.metadata["cause"]` where the name of an origin has no address.
NAME_NOT_RESOLVED = "name_not_resolved"


class ImageError(Exception):
    """An image could not be delivered.

    Args:
        message: for a person.
        retry_after_seconds: when the origin says that a retry may work.
        headers: of the answer that this error is, lower-case names; they say whether and how
            long it may be remembered. Never shown to callers.
        metadata: facts for a program; goes to `ErrorInfo.metadata`.
    """

    reason = "INTERNAL"

    def __init__(
        self,
        message: str,
        *,
        retry_after_seconds: float | None = None,
        headers: Mapping[str, str] | None = None,
        **metadata: str,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.retry_after_seconds = retry_after_seconds
        self.headers = headers or {}
        self.metadata = metadata

    def anew(self) -> ImageError:
        """The same once more, to be raised: what is kept must not be.

        Raising adds the frames that it passes, and with them all that they hold, be it
        megabytes of an image, for as long as the error is kept.
        """
        # Not by its constructor, which a third party's kind may have changed.
        duplicate = type(self).__new__(type(self), *self.args)
        duplicate.__dict__.update(self.__dict__)
        return duplicate


class InvalidImageId(ImageError):
    """Correct the imageId."""

    reason = "IMAGE_ID_INVALID"


class SchemeUnsupported(InvalidImageId):
    """Install a loader for the scheme."""

    reason = "SCHEME_UNSUPPORTED"


class InvalidOption(ImageError):
    """Correct the request."""

    reason = "OPTION_INVALID"


class NotAllowed(ImageError):
    """Let the administrator allow the host or folder."""

    reason = "ORIGIN_NOT_ALLOWED"


class Denied(ImageError):
    """The origin, or the file system, refuses; other rights are needed."""

    reason = "ORIGIN_DENIED"


class Unauthenticated(ImageError):
    """Configure credentials for the origin."""

    reason = "ORIGIN_UNAUTHENTICATED"


class NotFound(ImageError):
    """There is no such image; a retry will not help."""

    reason = "IMAGE_NOT_FOUND"


class NotInCache(NotFound):
    """Allow the origin to be asked."""

    reason = "NOT_IN_CACHE"


class Unavailable(ImageError):
    """Try again later."""

    reason = "ORIGIN_UNAVAILABLE"


class OriginTimeout(Unavailable):
    """Try again later, or raise the origin's timeout."""

    reason = "ORIGIN_TIMEOUT"


class ShuttingDown(Unavailable):
    """Connect again to the next daemon."""

    reason = "SHUTTING_DOWN"


class RateLimited(ImageError):
    """Ask the origin less often."""

    reason = "ORIGIN_RATE_LIMITED"


class Busy(ImageError):
    """Ask this daemon for less at once."""

    reason = "SERVER_BUSY"


class TooLarge(ImageError):
    """Raise the size limit."""

    reason = "IMAGE_TOO_LARGE"


class Unsupported(ImageError):
    """Ask for ENCODED and decode it elsewhere."""

    reason = "DECODER_MISSING"


class Undecodable(ImageError):
    """The data are not what they claim to be; ENCODED still gives them."""

    reason = "DECODE_FAILED"


class DecodeLimit(ImageError):
    """Ask for ENCODED; decoding takes more memory or time than the daemon allows."""

    reason = "DECODE_LIMIT"


class Corrupt(ImageError):
    """The bytes differ from their length or digest, or ended early."""

    reason = "CHECKSUM_MISMATCH"


class ContentChanged(ImageError):
    """Load the image anew from its first byte."""

    reason = "CONTENT_CHANGED"


class RangeNotSatisfiable(ImageError):
    """Ask for bytes before the end."""

    reason = "RANGE_NOT_SATISFIABLE"


class PinLimit(ImageError):
    """Unpin something, or enlarge the cache."""

    reason = "PIN_LIMIT"


class EventsCompacted(ImageError):
    """List what is stored, then watch anew."""

    reason = "EVENTS_COMPACTED"


class NotSeparable(Unsupported):
    """The origin cannot deliver this part on its own; load what contains it.

    Raised by a loader's `open` for an `Image` that names a `container`; never reaches a
    caller then.
    """


class ConfigurationError(Exception):
    """A setting cannot work; `problems` are sentences that each name the setting."""

    def __init__(self, *problems: str) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems
