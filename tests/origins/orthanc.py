"""A real Orthanc with its DICOMweb plug-in (Debian: orthanc, orthanc-dicomweb)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from origins.corpus import UID_KEYWORDS, DicomFile
from origins.process import answers, free_port, running

EXECUTABLE = "/usr/sbin/Orthanc"
DICOMWEB_PLUGIN = "/usr/share/orthanc/plugins/libOrthancDicomWeb.so"


@dataclass(frozen=True, slots=True)
class Orthanc:
    """A running server.

    Args:
        accepted: the files that it keeps.
        refused: what it said to the others, by file name.
    """

    url: str
    user: str | None = None
    password: str | None = None
    accepted: list[DicomFile] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)

    @property
    def dicomweb_url(self) -> str:
        return f"{self.url}/dicom-web"

    @property
    def wado_uri(self) -> str:
        return f"{self.url}/wado"

    def file(self, name: str) -> DicomFile:
        return next(file for file in self.accepted if file.name == name)

    async def seed(self, files: Iterable[DicomFile]) -> None:
        credentials = (self.user, self.password or "") if self.user else None
        async with httpx.AsyncClient(
            base_url=self.url, auth=credentials, trust_env=False, timeout=60
        ) as client:
            for file in files:
                await self._upload(client, file)

    async def _upload(self, client: httpx.AsyncClient, file: DicomFile) -> None:
        answer = await client.post("/instances", content=file.data)
        said = answer.json()
        if answer.status_code != httpx.codes.OK:
            self.refused[file.name] = said.get("Details") or said["Message"]
        elif said["Status"] != "Success":
            self.refused[file.name] = said["Status"]
        else:
            tags = (await client.get(f"/instances/{said['ID']}/simplified-tags")).json()
            study, series, sop = (tags[keyword] for keyword in UID_KEYWORDS)
            self.accepted.append(DicomFile(file.name, file.data, study, series, sop))


def configuration(
    directory: Path, port: int, user: str | None, password: str | None
) -> dict[str, object]:
    return {
        "Name": "imageid-test",
        "HttpPort": port,
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": user is not None,
        "RegisteredUsers": {user: password} if user else {},
        "DicomServerEnabled": False,
        "HttpCompressionEnabled": False,
        "StorageDirectory": str(directory / "db"),
        "IndexDirectory": str(directory / "db"),
        "Plugins": [DICOMWEB_PLUGIN],
        "DicomWeb": {
            "Enable": True,
            "Root": "/dicom-web/",
            "EnableWado": True,
            "WadoRoot": "/wado",
        },
    }


@asynccontextmanager
async def orthanc(
    directory: Path, user: str | None = None, password: str | None = None
) -> AsyncIterator[Orthanc]:
    """Run an empty server in `directory`; with basic auth when there is a user."""
    server = Orthanc(f"http://127.0.0.1:{free_port()}", user, password)
    settings = directory / "orthanc.json"
    port = httpx.URL(server.url).port
    assert port is not None
    settings.write_text(json.dumps(configuration(directory, port, user, password)))
    log = directory / "orthanc.log"
    command = [EXECUTABLE, f"--logfile={directory / 'orthanc-own.log'}", settings]

    async def ready() -> bool:
        return await answers(f"{server.url}/plugins/dicom-web", 200, 401)

    async with running(command, log, ready):
        yield server
