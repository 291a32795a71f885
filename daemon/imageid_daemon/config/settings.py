"""The table of settings: the one place that knows their names, defaults and meanings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from imageid_daemon.config import addresses, headers, values


def _raw(value: object) -> object:
    return value


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting.

    Args:
        name: dotted, as in TOML; `NAME` stands for any name.
        read: turns what was written into its value, or raises ValueError.
        default: as one would write it in TOML; None where it is worked out from the
            system (`default_text` says how) or where there is none.
        help: one line.
        default_text: for people, where `default` does not say it.
        variable: of the environment.
        flag: of imageidd.
        example: what the template of a configuration shows where there is no default.
        shown: makes of what was written what may be shown of it.
    """

    name: str
    read: Callable[[object], object]
    default: object
    help: str
    default_text: str = ""
    variable: str | None = None
    flag: str | None = None
    example: str = ""
    shown: Callable[[object], object] = _raw

    @property
    def section(self) -> str:
        """The TOML table that it stands in."""
        return self.name.rpartition(".")[0]

    @property
    def key(self) -> str:
        """Its name within the table."""
        return self.name.rpartition(".")[2]

    @property
    def is_named(self) -> bool:
        """Whether it exists once for each NAME."""
        return ".NAME." in self.name


SETTINGS: tuple[Setting, ...] = (
    Setting(
        "server.listen",
        addresses.listen,
        None,
        "gRPC addresses: `unix:PATH` or `HOST:PORT`, loopback only; port 0 picks a free one",
        default_text="unix:<runtime directory>/grpc.sock, 127.0.0.1:8474",
        variable="IMAGEID_SERVER_LISTEN",
        flag="--listen",
    ),
    Setting(
        "server.http",
        addresses.http,
        "127.0.0.1:8475",
        "HTTP address of metrics and health, loopback only; empty switches it off",
        variable="IMAGEID_SERVER_HTTP",
        flag="--http",
    ),
    Setting(
        "cache.directory",
        values.path,
        None,
        "where images are kept; made with mode 0700",
        default_text="<user cache directory>/imageid",
        variable="IMAGEID_CACHE_DIRECTORY",
        flag="--cache-dir",
    ),
    Setting(
        "cache.size",
        values.size_bytes,
        "20GiB",
        "the cache never grows beyond this",
        variable="IMAGEID_CACHE_SIZE",
        flag="--cache-size",
    ),
    Setting(
        "cache.min_free",
        values.min_free,
        "5%",
        "what the cache leaves free on its disk: a share, or an amount like 10GiB",
        variable="IMAGEID_CACHE_MIN_FREE",
    ),
    Setting(
        "cache.max_image",
        values.size_bytes,
        "4GiB",
        "the largest body that is accepted from an origin",
        variable="IMAGEID_CACHE_MAX_IMAGE",
    ),
    Setting(
        "cache.max_item",
        values.size_bytes,
        "2GiB",
        "a larger body passes through and is not stored",
        variable="IMAGEID_CACHE_MAX_ITEM",
    ),
    Setting(
        "cache.keep_partial",
        values.seconds,
        "1h",
        "how long the beginning of a body that broke off is kept, to fetch the rest alone",
        variable="IMAGEID_CACHE_KEEP_PARTIAL",
    ),
    Setting(
        "cache.partial_share",
        values.share,
        "10%",
        "most of the cache's size that such beginnings may take; 0% keeps none",
        variable="IMAGEID_CACHE_PARTIAL_SHARE",
    ),
    Setting(
        "cache.verify",
        values.one_of("off", "sampled", "full"),
        "sampled",
        "what is compared with its checksums when it is read from the cache: nothing, a part of"
        " each image once a start, or all of it every time",
        variable="IMAGEID_CACHE_VERIFY",
    ),
    Setting(
        "cache.durable",
        values.yes_or_no,
        False,
        "flush each image to the disk before it counts as stored (slower)",
        variable="IMAGEID_CACHE_DURABLE",
    ),
    Setting(
        "fills.finish_missing",
        values.size_bytes,
        "1MiB",
        "a fetch that nobody waits for any more is finished when no more than this is missing",
        variable="IMAGEID_FILLS_FINISH_MISSING",
    ),
    Setting(
        "fills.finish_share",
        values.share,
        "90%",
        "or when so much of it is done; pinned images are always finished",
        variable="IMAGEID_FILLS_FINISH_SHARE",
    ),
    Setting(
        "fills.finish_within",
        values.seconds,
        "60s",
        "and only while it takes no longer than this, counted from when its last caller left",
        variable="IMAGEID_FILLS_FINISH_WITHIN",
    ),
    Setting(
        "decode.workers",
        values.whole(1, 1024),
        None,
        "processes that decode images",
        default_text="one for each processor",
        variable="IMAGEID_DECODE_WORKERS",
        example="2",
    ),
    Setting(
        "decode.memory",
        values.size_bytes,
        # Measured: a frame of 512 MiB, the largest that is decoded, can be rendered too.
        "6GiB",
        "memory that one of them may take, and the largest file that it may write",
        variable="IMAGEID_DECODE_MEMORY",
    ),
    Setting(
        "decode.timeout",
        values.seconds,
        "60s",
        "processor time that one image may take; on the clock, twice that",
        variable="IMAGEID_DECODE_TIMEOUT",
    ),
    Setting(
        "network.allow",
        addresses.allow_list,
        (),
        "hosts that network schemes may reach besides the origins below:"
        ' `HOST` (ports 80, 443), `HOST:PORT`, `HOST:*`, `*.DOMAIN`, or `"any"`',
        default_text="configured origins only",
        variable="IMAGEID_NETWORK_ALLOW",
    ),
    Setting(
        "log.level",
        values.one_of("debug", "info", "warning", "error"),
        "info",
        "debug, info, warning or error",
        variable="IMAGEID_LOG_LEVEL",
    ),
    Setting(
        "log.format",
        values.one_of("auto", "json", "console"),
        "auto",
        "json, console, or auto: console on a terminal, else json",
        variable="IMAGEID_LOG_FORMAT",
    ),
    Setting(
        "loaders.file.roots",
        values.texts,
        (),
        "folders that `file:` and `dicomfile:` may read",
        default_text="none",
        variable="IMAGEID_LOADERS_FILE_ROOTS",
        example='["/data/dicom"]',
    ),
    Setting(
        "loaders.custom.NAME.url",
        _raw,
        None,
        "where `custom://NAME/id` is; `{id}` stands for the id",
        example='"https://images.example/by-id/{id}"',
    ),
    Setting(
        "origins.NAME.url",
        addresses.origin_url,
        None,
        "DICOMweb root of the origin; ids below it get its credentials and limits (required)",
        example='"https://pacs.example/dicom-web"',
    ),
    Setting(
        "origins.NAME.wado_uri",
        addresses.origin_url,
        None,
        "WADO-URI endpoint of the origin",
        example='"https://pacs.example/wado"',
    ),
    Setting(
        "origins.NAME.user",
        values.text,
        None,
        "user for HTTP basic authentication",
        example='"viewer"',
    ),
    Setting(
        "origins.NAME.password_file",
        values.path,
        None,
        "file with the user's password, mode 0600; read again when it changes",
        example='"/etc/imageid/pacs.password"',
    ),
    Setting(
        "origins.NAME.password_env",
        values.variable_name,
        None,
        "or the environment variable that holds the password",
        example='"PACS_PASSWORD"',
    ),
    Setting(
        "origins.NAME.token_file",
        values.path,
        None,
        "file with a bearer token, mode 0600; read again when it changes",
        example='"/etc/imageid/pacs.token"',
    ),
    Setting(
        "origins.NAME.token_env",
        values.variable_name,
        None,
        "or the environment variable that holds the token",
        example='"PACS_TOKEN"',
    ),
    Setting(
        "origins.NAME.token_endpoint",
        addresses.token_endpoint,
        None,
        "OAuth 2 token endpoint: tokens for `client_id` are fetched there (client credentials)"
        " and renewed before they expire",
        example='"https://login.example/realms/imaging/token"',
    ),
    Setting(
        "origins.NAME.client_id",
        values.text,
        None,
        "who asks the token endpoint",
        example='"imageid"',
    ),
    Setting(
        "origins.NAME.client_secret_file",
        values.path,
        None,
        "file with the client's secret, mode 0600; read again when it changes",
        example='"/etc/imageid/pacs.client-secret"',
    ),
    Setting(
        "origins.NAME.client_secret_env",
        values.variable_name,
        None,
        "or the environment variable that holds it",
        example='"PACS_CLIENT_SECRET"',
    ),
    Setting(
        "origins.NAME.refresh_token_file",
        values.path,
        None,
        "file with a refresh token, mode 0600: tokens are fetched with it instead; a new one that"
        " the endpoint gives is written there",
        example='"/home/me/.config/imageid/pacs.refresh-token"',
    ),
    Setting(
        "origins.NAME.scopes",
        values.texts,
        (),
        "scopes that the token is asked for",
        default_text="what the token endpoint gives",
        example='["dicom.read"]',
    ),
    Setting(
        "origins.NAME.client_certificate",
        values.path,
        None,
        "PEM file with the certificate (and its chain) that this client shows by TLS;"
        " read again when it changes",
        example='"/etc/imageid/workstation.pem"',
    ),
    Setting(
        "origins.NAME.client_key",
        values.path,
        None,
        "PEM file with its key, unencrypted, mode 0600; by default in the same file",
        example='"/etc/imageid/workstation.key"',
    ),
    Setting(
        "origins.NAME.ca_file",
        values.path,
        None,
        "PEM file with authorities that are trusted for this origin besides the system's",
        example='"/etc/imageid/hospital-ca.pem"',
    ),
    Setting(
        "origins.NAME.headers",
        headers.headers,
        None,
        'fields to send with every request: `{ NAME = "value" }`, or where a secret is:'
        " `{ NAME = { file = PATH } }`, `{ NAME = { env = VARIABLE } }`",
        example='{ X-Api-Key = { file = "/etc/imageid/pacs.key" } }',
        shown=headers.shown,
    ),
    Setting(
        "origins.NAME.proxy",
        addresses.proxy,
        None,
        "HTTP proxy on the way to it; the environment's proxies are never used",
        default_text="none",
        example='"http://proxy.example:3128"',
    ),
    Setting(
        "origins.NAME.http2",
        values.yes_or_no,
        # Measured with nginx on loopback: a byte of 512 KiB costs the daemon what it costs over
        # HTTP/1.1, one of 50 MiB up to 1.4 times that, at 400 MB/s and more, which no network
        # brings; and a series from far away costs one handshake instead of eight.
        True,
        "speak HTTP/2 with it where it offers that (https only): its requests share a connection",
    ),
    Setting(
        "origins.NAME.timeout",
        values.seconds,
        "30s",
        "give up when the origin is silent for this long",
    ),
    Setting(
        "origins.NAME.connect_timeout",
        values.seconds,
        "10s",
        "give up when it does not accept the connection for this long",
    ),
    Setting(
        "origins.NAME.connections",
        values.whole(1, 256),
        8,
        "most requests to it at the same time; fewer while it answers 429, 503 or too late",
    ),
    Setting(
        "origins.NAME.rate",
        values.positive,
        None,
        "most requests to it a second",
        default_text="any",
        example="20",
    ),
    Setting(
        "origins.NAME.retries",
        values.whole(0, 10),
        3,
        "further tries where the first one found it busy or unreachable",
    ),
    Setting(
        "origins.NAME.immutable",
        values.yes_or_no,
        False,
        "its instances never change under their SOP Instance UID: stored ones are not revalidated",
    ),
    Setting(
        "origins.NAME.share_public",
        values.yes_or_no,
        False,
        "what it answers to these credentials with `Cache-Control: public` may serve others",
    ),
)
