"""A small, well-behaved origin over DICOM files: WADO-URI, WADO-RS and plain files."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterable

import pydicom
from pydicom.encaps import get_frame
from pydicom.uid import JPEG2000, UID, JPEG2000Lossless, JPEGBaseline8Bit, RLELossless

from origins.corpus import DicomFile, quiet
from origins.multipart import Part, multipart_body, multipart_type
from origins.scripted import NOT_FOUND, Answer
from origins.server import LoopbackServer, Received, Reply

DICOM = "application/dicom"
DICOM_JSON = "application/dicom+json"
FRAME_TYPES = {
    JPEGBaseline8Bit: "image/jpeg",
    JPEG2000: "image/jp2",
    JPEG2000Lossless: "image/jp2",
    RLELossless: "image/dicom-rle",
}


class DicomwebOrigin(LoopbackServer):
    """Answers `/wado`, `/dicom-web/…` and `/files/…`; counts what it is asked."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(self._answer, tls)
        self.instances: dict[str, DicomFile] = {}
        self.files: dict[str, Answer] = {}

    @property
    def dicomweb_url(self) -> str:
        return f"{self.url}/dicom-web"

    @property
    def wado_uri(self) -> str:
        return f"{self.url}/wado"

    def add(self, file: DicomFile) -> DicomFile:
        self.instances[file.sop] = file
        return file

    def add_file(self, name: str, data: bytes, content_type: str = DICOM) -> str:
        """Serve it under `/files/NAME`, fresh for an hour; returns the URL."""
        answer = Answer(data, content_type).with_headers(Cache_Control="max-age=3600")
        self.files[f"/files/{name}"] = answer
        return f"{self.url}/files/{name}"

    async def _answer(self, request: Received, reply: Reply) -> None:
        answer = self._wado_uri(request) if request.path == "/wado" else self._resource(request)
        await answer(request, reply)

    def _wado_uri(self, request: Received) -> Answer:
        query = dict(field.partition("=")[::2] for field in request.query.split("&"))
        file = self.instances.get(query.get("objectUID", ""))
        return Answer(file.data, DICOM) if file else NOT_FOUND

    def _resource(self, request: Received) -> Answer:
        match request.path.strip("/").split("/")[1:]:
            case ["studies", study, "metadata"]:
                return metadata(f for f in self.instances.values() if f.study == study)
            case ["studies", _, "series", series, "metadata"]:
                return metadata(f for f in self.instances.values() if f.series == series)
            case ["studies", _, "series", series]:
                return retrieve_all(f for f in self.instances.values() if f.series == series)
            case ["studies", _, "series", _, "instances", sop, *rest] if sop in self.instances:
                return retrieve(self.instances[sop], rest)
            case _:
                return self.files.get(request.path, NOT_FOUND)


def retrieve_all(files: Iterable[DicomFile]) -> Answer:
    """The instances of a series."""
    parts = [Part(file.data, DICOM) for file in files]
    return Answer(multipart_body(parts), multipart_type(DICOM)) if parts else NOT_FOUND


def retrieve(file: DicomFile, below: list[str]) -> Answer:
    """PS3.18 10.4: the instance, its metadata, or some of its frames."""
    match below:
        case []:
            part = Part(file.data, DICOM)
            return Answer(multipart_body([part]), multipart_type(DICOM))
        case ["metadata"]:
            return metadata([file])
        case ["frames", numbers]:
            parts = [frame_part(file, int(number)) for number in numbers.split(",")]
            kind = parts[0].content_type.partition(";")[0]
            return Answer(multipart_body(parts), multipart_type(kind))
        case _:
            return NOT_FOUND


def frame_part(file: DicomFile, number: int) -> Part:
    """Frame `number`, counted from 1, in the transfer syntax it is stored in."""
    dataset = file.dataset()
    syntax = UID(dataset.file_meta.TransferSyntaxUID)
    kind = FRAME_TYPES.get(syntax, "application/octet-stream")
    location = f"http://internal{file.instance_path}/frames/{number}"
    data = frame_bytes(dataset, syntax, number)
    return Part(data, f"{kind}; transfer-syntax={syntax}", location)


def frame_bytes(dataset: pydicom.Dataset, syntax: UID, number: int) -> bytes:
    frames = int(dataset.get("NumberOfFrames") or 1)
    if syntax.is_encapsulated:
        with quiet():
            return bytes(get_frame(dataset.PixelData, number - 1, number_of_frames=frames))
    length = len(dataset.PixelData) // frames
    return bytes(dataset.PixelData[(number - 1) * length : number * length])


def metadata(files: Iterable[DicomFile]) -> Answer:
    documents = [document(file.dataset()) for file in files]
    return Answer(json.dumps(documents).encode(), DICOM_JSON) if documents else NOT_FOUND


def document(dataset: pydicom.Dataset) -> dict[str, object]:
    """DICOM JSON without the samples (PS3.18 F)."""
    del dataset.PixelData
    with quiet():
        found: dict[str, object] = dataset.to_json_dict(suppress_invalid_tags=True)
    return found
