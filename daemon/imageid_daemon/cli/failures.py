"""What a person is told when a verb fails."""

from __future__ import annotations

EXIT_CODE = 1


def message(error: Exception) -> str:
    """What failed, why, and what to do, in one message."""
    import imageid
    from imageid_loaders.errors import ConfigurationError

    match error:
        case imageid.Error():
            return f"{error}{_next_try(error.retry_after_seconds)}"
        case ConfigurationError():
            problems = "".join(f"\n  {problem}" for problem in error.problems)
            return f"The configuration cannot be used:{problems}"
        case OSError(filename=str(name)):
            return f"Cannot use {name}: {error.strerror}."
        case OSError():
            return f"The operating system refuses: {error}."
    return (
        f"Unexpected {type(error).__name__}: {error}. This is a bug of imageid: please report "
        "it with what `imageid version` says."
    )


def _next_try(retry_after_seconds: float | None) -> str:
    return "" if retry_after_seconds is None else f" Try again in {retry_after_seconds:g} s."
