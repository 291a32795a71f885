"""An origin's credentials reach it, and nobody else."""

import pytest

from imageid_daemon.config import HeaderSetting, OriginSettings
from imageid_loaders.errors import Unauthenticated
from transport.raw_server import reply


def secret_file(folder, text: str):
    file = folder / "secret"
    file.write_text(text)
    file.chmod(0o600)
    return file


async def authorization(client, server, path: str) -> str | None:
    await client.read(server.url(path))
    return server.received[-1].fields.get("authorization")


async def test_user_and_password_are_sent_as_basic(server, way, tmp_path):
    pacs = OriginSettings(
        "pacs",
        server.url("/dicom-web"),
        user="Aladdin",
        password_file=secret_file(tmp_path, "open sesame\n"),
    )

    sent = await authorization(way(pacs), server, "/dicom-web/studies")

    assert sent == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="  # RFC 7617 section 2


async def test_a_password_may_come_from_the_environment(server, way):
    pacs = OriginSettings(
        "pacs", server.url("/dicom-web"), user="Aladdin", password_env="PACS_PASSWORD"
    )
    client = way(pacs, environ={"PACS_PASSWORD": "open sesame"})

    assert await authorization(client, server, "/dicom-web") == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="


async def test_a_token_is_sent_as_bearer(server, way, tmp_path):
    pacs = OriginSettings(
        "pacs", server.url("/dicom-web"), token_file=secret_file(tmp_path, "token\n")
    )

    assert await authorization(way(pacs), server, "/dicom-web/x") == "Bearer token"


async def test_a_renewed_token_is_used_without_a_restart(server, way, tmp_path):
    file = secret_file(tmp_path, "first")
    client = way(OriginSettings("pacs", server.url("/dicom-web"), token_file=file))
    await authorization(client, server, "/dicom-web")

    secret_file(tmp_path, "second")

    assert await authorization(client, server, "/dicom-web") == "Bearer second"


@pytest.mark.parametrize(
    "path",
    [
        "/dicom-web",
        "/dicom-web/",
        "/dicom-web/studies/1?x=..",
        "/dicom-web?limit=1",
        "/wado?objectUID=1",
    ],
)
async def test_credentials_go_to_what_lies_below_the_origins_urls(server, way, path):
    pacs = OriginSettings(
        "pacs", server.url("/dicom-web"), wado_uri=server.url("/wado"), token_env="TOKEN"
    )

    assert await authorization(way(pacs, environ={"TOKEN": "t"}), server, path) == "Bearer t"


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/dicom-webs/x",
        "/DICOM-WEB/x",
        "/dicom-web/../admin",
        "/dicom-web/%2e%2E/admin",
        "/dicom-web/..%2fadmin",
        "/x?/dicom-web",
    ],
)
async def test_credentials_go_nowhere_else_on_the_same_server(server, way, path):
    pacs = OriginSettings("pacs", server.url("/dicom-web"), token_env="TOKEN")

    assert await authorization(way(pacs, environ={"TOKEN": "t"}), server, path) is None


async def test_credentials_go_to_no_other_port(server, other, way):
    pacs = OriginSettings("pacs", server.url("/dicom-web"), token_env="TOKEN")

    assert await authorization(way(pacs, environ={"TOKEN": "t"}), other, "/dicom-web") is None


async def test_the_longest_url_decides_whose_credentials_count(server, way):
    whole = OriginSettings("whole", server.url("/dicom-web"), token_env="WHOLE")
    part = OriginSettings("part", server.url("/dicom-web/part"), token_env="PART")
    client = way(whole, part, environ={"WHOLE": "whole", "PART": "part"})

    assert await authorization(client, server, "/dicom-web/part/x") == "Bearer part"
    assert await authorization(client, server, "/dicom-web/x") == "Bearer whole"


@pytest.mark.parametrize("text", ["", "two\nlines"])
async def test_a_secret_that_cannot_be_a_header_is_reported_without_showing_it(
    server, way, tmp_path, text
):
    pacs = OriginSettings("pacs", server.url(""), token_file=secret_file(tmp_path, text))

    with pytest.raises(Unauthenticated, match="origin pacs") as caught:
        await way(pacs).read(server.url("/"))

    assert "lines\n" not in caught.value.message
    assert server.connections == 0


async def test_a_secret_file_that_is_gone_is_reported(server, way, tmp_path):
    pacs = OriginSettings("pacs", server.url(""), token_file=tmp_path / "gone")

    with pytest.raises(Unauthenticated):
        await way(pacs).read(server.url("/"))


async def test_the_scope_is_empty_where_no_credentials_are_sent(way):
    plain = OriginSettings("plain", "https://pacs.example/dicom-web")
    client = way(plain)

    assert client.origins.scope("https://pacs.example/dicom-web/x") == ""
    assert client.origins.scope("https://elsewhere.example/") == ""
    assert client.origins.scope("/not/a/url") == ""


async def test_the_scope_tells_users_apart_and_outlives_a_new_password(way):
    url = "https://pacs.example/dicom-web/x"

    def scope(user: str, password: str) -> str:
        pacs = OriginSettings(
            "pacs", "https://pacs.example/dicom-web", user=user, password_env="SECRET"
        )
        return way(pacs, environ={"SECRET": password}).origins.scope(url)

    assert scope("alice", "1") == scope("alice", "2") != scope("bob", "1")
    assert len(scope("alice", "1")) == 16


async def test_fields_of_the_origins_own_go_with_every_request(server, way, tmp_path):
    headers = (
        HeaderSetting("x-site", "north"),
        HeaderSetting("x-api-key", file=secret_file(tmp_path, "key\n")),
        HeaderSetting("x-tenant", variable="TENANT"),
    )
    pacs = OriginSettings("pacs", server.url("/dicom-web"), headers=headers)

    await way(pacs, environ={"TENANT": "t"}).read(server.url("/dicom-web/x"), X_Site="south")

    sent = server.received[-1].fields
    assert [sent[name] for name in ("x-site", "x-api-key", "x-tenant")] == ["north", "key", "t"]


async def test_they_go_nowhere_else(server, other, way):
    headers = (HeaderSetting("x-api-key", "key"),)
    pacs = OriginSettings("pacs", server.url("/dicom-web"), headers=headers)
    server.on("/dicom-web/x", reply(status=302, Location=other.on("/y", reply(b"image"))))
    client = way(pacs)

    await client.read(server.url("/dicom-web/x"))
    await client.read(server.url("/elsewhere"))

    assert "x-api-key" in server.received[0].fields
    assert "x-api-key" not in server.received[1].fields
    assert "x-api-key" not in other.received[0].fields


async def test_the_scope_tells_their_values_apart_but_no_secrets(way):
    def scope(*headers: HeaderSetting, **environ: str) -> str:
        pacs = OriginSettings("pacs", "https://pacs.example", headers=headers)
        return way(pacs, environ=environ).origins.scope("https://pacs.example/x")

    north, south = HeaderSetting("x-site", "north"), HeaderSetting("x-site", "south")
    key = HeaderSetting("x-key", variable="KEY")
    assert len({scope(), scope(north), scope(south), scope(north, key)}) == 4
    assert scope(key, KEY="1") == scope(key, KEY="2")


@pytest.mark.parametrize(
    ("user", "share_public", "others"),
    [("alice", True, [""]), ("alice", False, []), (None, True, [])],
)
async def test_public_answers_are_looked_up_only_where_they_are_shared(
    way, user, share_public, others
):
    pacs = OriginSettings(
        "pacs",
        "https://pacs.example/dicom-web",
        user=user,
        password_env="SECRET",
        share_public=share_public,
    )
    origins = way(pacs, environ={"SECRET": "1"}).origins

    own, *public = origins.scopes("https://pacs.example/dicom-web/x")

    assert (own, public) == (origins.scope("https://pacs.example/dicom-web/x"), others)


async def test_an_origin_is_immutable_where_the_administrator_says_so(way):
    pacs = OriginSettings("pacs", "https://pacs.example/dicom-web", immutable=True)
    origins = way(pacs, OriginSettings("other", "https://other.example")).origins

    assert origins.is_immutable("https://pacs.example/dicom-web/studies/1")
    assert not origins.is_immutable("https://other.example/studies/1")
    assert not origins.is_immutable("https://elsewhere.example/")
    assert not origins.is_immutable("/not/a/url")
