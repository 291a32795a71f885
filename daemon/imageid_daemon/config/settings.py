"""The table of settings: the one place that knows their names, defaults and meanings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from imageid_daemon.config import addresses, values


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
    """

    name: str
    read: Callable[[object], object]
    default: object
    help: str
    default_text: str = ""
    variable: str | None = None
    flag: str | None = None
    example: str = ""

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


def _raw(value: object) -> object:
    return value


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
        "cache.durable",
        values.yes_or_no,
        False,
        "flush each image to the disk before it counts as stored (slower)",
        variable="IMAGEID_CACHE_DURABLE",
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
        "requests to it at the same time",
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
