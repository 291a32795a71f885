"""The one edge at which what the libraries and codecs throw becomes an `ImageError`."""

from __future__ import annotations

import errno
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from imageid_loaders.errors import ImageError, Undecodable

_OTHERS = r"(pydicom|PIL|tifffile|nibabel)\b"
_LOGGERS = ("pydicom", "tifffile", "nibabel.global")
_NO_LEVEL = logging.CRITICAL + 1


@contextmanager
def refusing(task: str) -> Iterator[None]:
    """Turn whatever broken bytes provoke into `Undecodable`.

    Args:
        task: what was to be done, for the message: "the image cannot be <task>".

    Raises:
        Undecodable: for every exception but an `ImageError`, a `MemoryError`, which says
            more of the machine than of the bytes, and an `OSError` of the file system,
            which has an errno; Pillow's complaints about bytes have none.
    """
    _silence()
    try:
        yield
    except (ImageError, MemoryError):
        raise
    except Exception as error:
        # EINVAL is a seek to where no file can reach: the bytes' own doing.
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
            raise
        raise Undecodable(
            f"the image cannot be {task} because its bytes are broken ({_name(error)}); "
            "ask for ENCODED to get them as they are"
        ) from error


def _name(error: BaseException) -> str:
    # Only the codecs' texts are safe to show: those of pydicom quote attribute values.
    name = type(error).__name__
    return f"{name}: {error}" if type(error).__module__.startswith("imagecodecs") else name


def _silence() -> None:
    # Their warnings tell about the sender's file, and quote it; this daemon's log may
    # hold no patient datum. Asked first, because `filterwarnings` is not atomic.
    if getattr(warnings.filters[0][3], "pattern", None) != _OTHERS:
        warnings.filterwarnings("ignore", module=_OTHERS)
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        # To set it empties what every logger remembers.
        if logger.level != _NO_LEVEL:
            logger.setLevel(_NO_LEVEL)
