"""The contract between the daemon and a loader.

A loader turns an imageId into an `Image` without any I/O (`resolve`), and delivers the
bytes of a `Resource` when the daemon asks for them (`open`). Caching, coalescing,
freshness, credentials, limits and retries are the daemon's; a loader knows a protocol.

A loader is found by the entry point group `imageid.loaders`: the name is the scheme, the
value the class. One instance serves all schemes that name the same class.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import ClassVar, Literal, Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class Resource:
    """One thing that an origin can deliver.

    Args:
        key: what two imageIds have in common exactly when their bytes are the same;
            canonical, holds everything of the URL that may change the bytes.
        url: what `open` needs to fetch it, the caller's query kept verbatim.
        accept: what `open` asks the origin for, in the loader's own words.
        fresh_for_seconds: how long the bytes stay fresh when the origin says nothing of
            it (the heuristic freshness of RFC 9111 section 4.2.2).
        request_headers: fields with lower-case names that `open` sends besides Accept and
            those that say who is asking; the daemon compares them where the origin's answer
            has a Vary.
        is_instance: the key names a DICOM instance, or a frame of one, by its SOP Instance
            UID. The administrator may declare those of an origin immutable.
    """

    key: str
    url: str
    accept: str = "*/*"
    fresh_for_seconds: float = 0.0
    request_headers: tuple[tuple[str, str], ...] = ()
    is_instance: bool = False


@dataclass(frozen=True, slots=True)
class Plane:
    """A slice of a volume that knows no frames (NIfTI); all numbers count from 0.

    Args:
        axis: of the file, which the plane stands across.
        index: along that axis.
        time: which volume of a series; None: `index` runs on from one volume to the next.
    """

    axis: Literal["x", "y", "z"]
    index: int
    time: int | None = None


@dataclass(frozen=True, slots=True)
class Image:
    """What an imageId means.

    Args:
        resource: where the image's own bytes are.
        frame: 1-based; None means the only frame, or the first.
        metadata: DICOM JSON documents (PS3.18 F) that describe the image when its own
            bytes do not; alternatives, the preferred first.
        sop_instance_uid: which data set of such a document is meant.
        container: the whole instance that holds this frame, for origins that cannot
            give the frame alone, and for what the documents leave out.
        container_frame: the frame's 1-based number in `container`.
        plane: instead of a frame, where the resource is a volume.
    """

    resource: Resource
    frame: int | None = None
    metadata: tuple[Resource, ...] = ()
    sop_instance_uid: str | None = None
    container: Resource | None = None
    container_frame: int = 1
    plane: Plane | None = None


@dataclass(frozen=True, slots=True)
class Validators:
    """What identifies the stored copy to the origin (RFC 9110 section 8.8)."""

    etag: str | None = None
    last_modified: str | None = None


class NotModified(Exception):
    """The stored copy is still current; `headers` renew its freshness."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        super().__init__("not modified")
        self.headers = headers


@dataclass(frozen=True, slots=True)
class Continuation:
    """How the rest of a body that broke off can be asked for (RFC 9110 section 14).

    Made by the transport. A loader does nothing with it but hand it on.

    Args:
        request: digest of the request that was answered; it says nothing of others.
        validator: of the answer, a strong one, as If-Range sends it.
        size_bytes: of the whole body, None when the origin has not said it.
        headers: of the answer that describe its bytes and how long they may be kept.
    """

    request: str
    validator: str
    size_bytes: int | None
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Source:
    """An opened resource: all that is known before its first byte.

    Args:
        media_type: of the bytes, without parameters, lower case; the loader's best
            knowledge, "application/octet-stream" where it has none.
        chunks: the bytes in order; raises `errors.Corrupt` or `errors.Unavailable` when
            they break off, and ends only where the origin said that they are complete.
        size_bytes: of all chunks together, None when the origin has not said it.
        transfer_syntax_uid: of a DICOM frame delivered on its own.
        headers: with lower-case names, the fields of RFC 9111 and RFC 9110 that say how
            long and by what validator the bytes may be kept (cache-control, date, age,
            expires, etag, last-modified, vary). A loader without HTTP speaks the same
            language, e.g. {"etag": '"…"', "cache-control": "no-cache"}.
        continuation: of the response whose body the chunks are, byte for byte; what has come
            of them is then kept when they break off. None for what was unpacked or made.
    """

    media_type: str
    chunks: AsyncIterator[bytes]
    size_bytes: int | None = None
    transfer_syntax_uid: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    continuation: Continuation | None = None


@dataclass(frozen=True, slots=True)
class Response:
    """A final HTTP answer of any status: redirects followed, retries done.

    Args:
        headers: lower-case names.
        chunks: the body, Content-Encoding undone; raises when it breaks off.
        is_delimited: whether a length or the coding says where the body ends; where only
            the connection's end does, a body that was cut looks whole.
        continuation: None where the rest of the body cannot be asked for.
    """

    status: int
    headers: Mapping[str, str]
    chunks: AsyncIterator[bytes]
    is_delimited: bool = True
    continuation: Continuation | None = None


class Transport(Protocol):
    """HTTP as the daemon allows it: allow-list, credentials, limits, retry, redirects."""

    def get(self, url: str, headers: Mapping[str, str]) -> AbstractAsyncContextManager[Response]:
        """Send a GET with the query exactly as written.

        Raises:
            errors.NotAllowed: the host, or one redirected to, is not in the allow-list.
            errors.Unavailable: no answer, or retries are used up.
        """
        ...


@dataclass(frozen=True, slots=True)
class Request:
    """One call of `open`.

    Args:
        validators: of the copy that the daemon holds. When the origin confirms it,
            `open` raises `NotModified`.
    """

    resource: Resource
    transport: Transport
    validators: Validators = Validators()


@dataclass(frozen=True, slots=True)
class Bundle:
    """Resources that one request can deliver together, each in a part of its answer.

    Args:
        url: what is asked for.
        resources: those of its parts that are wanted.
        is_exact: the answer has a part for each of `resources` and no others. Otherwise it
            has all that stands at `url`, wanted or not.
    """

    url: str
    resources: tuple[Resource, ...]
    is_exact: bool


@dataclass(frozen=True, slots=True)
class Origin:
    """An origin as configured, without its secrets.

    Args:
        url: the DICOMweb root, without a slash at its end.
        wado_uri: the WADO-URI endpoint.
    """

    name: str
    url: str
    wado_uri: str | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """What the configuration says to one loader.

    Args:
        options: the table `[loaders.<name>]`.
        origins: the tables `[origins.*]` by name.
    """

    options: Mapping[str, object] = field(default_factory=dict)
    origins: Mapping[str, Origin] = field(default_factory=dict)


class Loader(Protocol):
    """Knows one family of schemes. Built once; called from one event loop."""

    name: ClassVar[str]
    """Of its table in the configuration, `[loaders.<name>]`."""

    summary: ClassVar[str]
    """One line for people: which imageIds it resolves."""

    def __init__(self, settings: Settings) -> None:
        """Check the settings.

        Raises:
            errors.ConfigurationError: with every problem, each naming its setting.
        """
        ...

    def resolve(self, image_id: str) -> Image:
        """Say what the imageId means. No I/O; the same answer every time.

        Raises:
            errors.InvalidImageId: the imageId cannot be read.
            errors.NotAllowed: it lies outside what the settings allow.
        """
        ...

    def open(self, request: Request) -> AbstractAsyncContextManager[Source]:
        """Deliver the bytes of a resource that this loader's `resolve` or `list_images` named.

        Raises:
            NotModified: the copy that `request.validators` describe is current.
            errors.ImageError: one of its kinds.
        """
        ...


@runtime_checkable
class Pointed(Protocol):
    """An ability some loaders have: their own settings point at servers.

    What the administrator wrote into a loader's table may be reached without another
    entry in `network.allow`.
    """

    @property
    def configured_urls(self) -> list[str]: ...


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the answer to a bundle.

    Args:
        resource: which one it is; None where nobody wanted it, or nothing proves what it is.
        source: as `Loader.open` gives it, without validators: those of the whole answer
            identify none of its parts. Its chunks end only where the part is complete.
    """

    resource: Resource | None
    source: Source


@runtime_checkable
class Bundler(Protocol):
    """An ability some loaders have: to retrieve several resources in one request."""

    def bundles(self, resources: Sequence[Resource]) -> list[Bundle]:
        """How these can be had together. No I/O. Those in no bundle are had alone."""
        ...

    def open_bundle(
        self, bundle: Bundle, transport: Transport
    ) -> AbstractAsyncContextManager[AsyncIterator[Part]]:
        """Deliver the parts in the order in which the origin sends them.

        The next part skips what was not read of the one before. A resource may come in no
        part, and after an error in the iterator those that came whole are good: the daemon
        opens the others alone.

        Raises:
            errors.NotSeparable: the origin does not deliver these together.
            errors.ImageError: one of its kinds.
        """
        ...


@runtime_checkable
class Referring(Protocol):
    """An ability some loaders have: values may stand elsewhere than in their metadata."""

    def bulk_data(self, document: Resource, uri: str) -> Resource:
        """What a BulkDataURI (PS3.18 F.2.2) in one of `Image.metadata` means. No I/O.

        `open` gives the bytes of the value alone; the daemon may decide not to ask for them.

        Raises:
            errors.InvalidImageId: nothing that can be fetched.
        """
        ...


@dataclass(frozen=True, slots=True)
class ListedImage:
    """One image of a listing, with the facts that put slices in order.

    Args:
        position: ImagePositionPatient, in mm.
        orientation: ImageOrientationPatient, six direction cosines.
        frame_number: 1-based; None for a single-frame image.
    """

    image_id: str
    series_instance_uid: str | None = None
    sop_instance_uid: str | None = None
    instance_number: int | None = None
    frame_number: int | None = None
    position: tuple[float, float, float] | None = None
    orientation: tuple[float, float, float, float, float, float] | None = None


class Read(Protocol):
    """What the daemon does for a listing: a call gives a whole resource through its cache."""

    async def __call__(self, resource: Resource) -> bytes: ...

    async def header(self, descriptor: int, tags: Sequence[int]) -> bytes:
        """These attributes of an open DICOM file, as one DICOM JSON object (PS3.18 F).

        Those that the file lacks, or that cannot be read, are left out. It is read where a
        hostile file hurts nobody, so a loader parses none by itself.

        Args:
            descriptor: of the file, which stays open until the answer is here.

        Raises:
            errors.ImageError: the file is damaged, or takes too much to be read.
        """
        ...


@runtime_checkable
class Lister(Protocol):
    """An ability some loaders have: to say which images stand below a root."""

    async def list_images(self, root: str, read: Read) -> list[ListedImage]:
        """Every image below `root`, in any order; the daemon sorts them.

        Raises:
            errors.InvalidImageId: the root is none.
            errors.ImageError: one of its kinds.
        """
        ...
