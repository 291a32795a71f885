"""The images of LoadImages, while its results arrive; shared by both clients. No I/O of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from enum import Enum

import grpc

from imageid._assembly import Assembly, Body, Crc32c, LocalFileMissing, OpenFile, broken, joined
from imageid._batch import Errors
from imageid._errors import Error, from_result
from imageid._image import Image
from imageid._outputs import choice
from imageid._wire import Part
from imageid.v1.image_service_pb2 import LoadImagesRequest, LoadImagesResult


class Again(Enum):
    """Stands for an image that is to be asked for alone."""

    LOCAL_FILE_MISSING = "its local file is missing, so without one"


class Many:
    """What has come of the images of one request, over the calls that it takes.

    Args:
        errors: what becomes of an image that fails: "raise", or "return" it in its place.
        first_index: of these images in what the program asked for.
        open_file: None where no local file was asked for.
    """

    def __init__(
        self,
        request: LoadImagesRequest,
        errors: Errors,
        first_index: int,
        crc32c: Crc32c | None,
        open_file: OpenFile | None,
    ) -> None:
        self._request = request
        self._first_index = first_index
        self._raises = choice("errors", errors, {"raise": True, "return": False})
        self._crc32c = crc32c
        self._open_file = open_file
        self._image_ids: Sequence[str] = request.image_ids
        # The indices, in the request, of those that the running call is about.
        self._asked = list(range(len(self._image_ids)))
        self._arriving: dict[int, tuple[Assembly, list[Body]]] = {}
        self._settled: set[int] = set()
        self._settled_before = 0
        # Whether stored images came in chunks although their files were asked for.
        self.has_streamed_hits = False

    def accept(
        self, results: Iterable[Part[LoadImagesResult]]
    ) -> Iterator[tuple[int, Image | Error | Again]]:
        """The images that are whole now, or failed, each with its index in the request.

        Raises:
            Error: CHECKSUM_MISMATCH, or that of an image that fails, if it is to be raised.
        """
        for part in results:
            position = part.said.index
            if not 0 <= position < len(self._asked):
                raise broken(f"it has a result for image {position} of {len(self._asked)}")
            index = self._asked[position]
            if index in self._settled:
                continue
            if self._request.in_request_order and index != len(self._settled):
                raise broken("its images are not in the order that was asked for")
            if (found := self._take(index, part)) is not None:
                self._settled.add(index)
                yield index, found

    def finish(self) -> None:
        """Say that the call has ended with status OK.

        Raises:
            Error: CHECKSUM_MISMATCH, it has left images out.
        """
        if len(self._settled) < len(self._image_ids):
            raise broken(f"{len(self._settled)} of {len(self._image_ids)} images came")

    def resumption(self, code: grpc.StatusCode) -> LoadImagesRequest | None:
        """What to ask for after the call broke off; None where that is not worth it.

        Calls are safe to repeat; one that brought nothing is not repeated, so there is an end.
        """
        if code is not grpc.StatusCode.UNAVAILABLE or len(self._settled) == self._settled_before:
            return None
        self._settled_before = len(self._settled)
        self._asked = [i for i in range(len(self._image_ids)) if i not in self._settled]
        self._arriving.clear()
        again = LoadImagesRequest()
        again.CopyFrom(self._request)
        del again.image_ids[:]
        again.image_ids.extend(self._image_ids[index] for index in self._asked)
        return again

    def failed(self, index: int, error: Error) -> Error:
        """What to give in the place of an image that has failed.

        Raises:
            Error: it, if it is to be raised.
        """
        error.metadata["index"] = str(self._first_index + index)
        if self._raises:
            raise error
        return error

    def _take(self, index: int, part: Part[LoadImagesResult]) -> Image | Error | Again | None:
        said = part.said
        if said.error_code:
            self._arriving.pop(index, None)
            reason, message = said.error_reason, said.error_message
            return self.failed(index, from_result(said.error_code, reason, message, {}))
        assembly, body = self._arriving.setdefault(
            index, (Assembly(self._crc32c, self._open_file), [])
        )
        try:
            if data := assembly.accept(part):
                body.append(data)
            self._check_name(index, assembly.header.image_id)
        except LocalFileMissing:
            del self._arriving[index]
            return Again.LOCAL_FILE_MISSING
        except Error as error:
            del self._arriving[index]
            return self.failed(index, error)
        if not assembly.is_whole:
            return None
        del self._arriving[index]
        self.has_streamed_hits |= assembly.is_streamed_hit
        return Image(assembly, joined(body))

    def _check_name(self, index: int, image_id: str) -> None:
        if image_id not in ("", self._image_ids[index]):
            raise broken("it is another image's")
