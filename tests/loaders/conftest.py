"""A loopback origin that answers what a test tells it to, byte for byte."""

import socketserver
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

pytest.register_assert_rewrite("imageid_loaders.testing")


@dataclass(frozen=True)
class Answer:
    """`promised_bytes` is its Content-Length, where that is not the truth."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    promised_bytes: int | None = None
    has_length: bool = True

    def encoded(self) -> bytes:
        promised = len(self.body) if self.promised_bytes is None else self.promised_bytes
        headers = {"Connection": "close", **self.headers}
        if self.has_length:
            headers["Content-Length"] = str(promised)
        lines = [f"HTTP/1.1 {self.status} Text", *(f"{k}: {v}" for k, v in headers.items())]
        return "\r\n".join([*lines, "", ""]).encode() + self.body


@dataclass(frozen=True)
class Asked:
    target: str
    headers: dict[str, str]


class Origin(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.asked: list[Asked] = []
        self.answers: dict[str, Answer | Callable[[Asked], Answer]] = {}

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    def answer(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        answer = self.answers.get(asked.target, Answer(status=404))
        answer = answer if isinstance(answer, Answer) else answer(asked)
        etag = answer.headers.get("ETag")
        if etag and asked.headers.get("if-none-match") == etag:
            return Answer(status=304, headers=answer.headers, has_length=False)
        return answer


class _Connection(socketserver.StreamRequestHandler):
    server: Origin

    def handle(self) -> None:
        target = self.rfile.readline().split(b" ")[1].decode()
        headers = {}
        while line := self.rfile.readline().strip().decode():
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        self.wfile.write(self.server.answer(Asked(target, headers)).encoded())


@pytest.fixture
def origin():
    with Origin() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def answer():
    """The class, because a conftest cannot be imported."""
    return Answer
