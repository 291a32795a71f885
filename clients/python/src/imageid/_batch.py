"""What a batch of metadata says of each image; shared by both clients."""

from __future__ import annotations

from typing import Literal, TypeAlias

from imageid._errors import Error, from_result
from imageid._metadata import Metadata, read_metadata
from imageid._outputs import choice
from imageid.v1 import image_service_pb2 as v1

Errors: TypeAlias = Literal["raise", "return"]
"""What becomes of an image that fails: its `Error` is raised, or stands in its place."""


class Batch:
    """The metadata of several images, in their order, while the answers arrive.

    Args:
        errors: "raise" or "return".

    Raises:
        ValueError: it is neither.
    """

    def __init__(self, errors: Errors) -> None:
        self.found: list[Metadata | Error] = []
        self._raises = choice("errors", errors, {"raise": True, "return": False})

    def accept(self, message: v1.BatchGetImageMetadataResponse) -> None:
        """
        Raises:
            Error: of the first image that fails, if it is to be raised.
        """
        for result in message.results:
            self.found.append(self._read(result))

    def _read(self, result: v1.ImageMetadataResult) -> Metadata | Error:
        if result.error_code == 0:
            return read_metadata(result.metadata)
        facts = {"index": str(len(self.found))}
        error = from_result(result.error_code, result.error_reason, result.error_message, facts)
        if self._raises:
            raise error
        return error
