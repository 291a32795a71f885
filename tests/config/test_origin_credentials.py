"""OAuth 2, certificates, extra fields and proxies of an origin, as they are written."""

import subprocess
from pathlib import Path

import pytest

from imageid_daemon.config import HeaderSetting, addresses, headers, values
from transport.certificates import self_signed

PACS = '[origins.pacs]\nurl = "https://p"\n'
OAUTH = 'token_endpoint = "https://login.example/token"\n'
LOCALHOST = Path(__file__).parents[1] / "transport/localhost.pem"


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    return self_signed(tmp_path_factory.mktemp("certificate"), "workstation")


def test_all_of_them_are_read(written, secret, pair):
    toml = f"""
        [origins.pacs]
        url = "https://p"
        token_endpoint = "https://login.example/token"
        client_id = "me"
        client_secret_file = "{secret()}"
        refresh_token_file = "{secret()}"
        scopes = ["dicom.read"]
        client_certificate = "{pair[0]}"
        client_key = "{pair[1]}"
        ca_file = "{LOCALHOST}"
        proxy = "http://proxy.example:3128"
        rate = 2.5
        headers = {{ X-Site = "north", X-Key = {{ file = "{secret()}" }}, X-T = {{ env = "T" }} }}
    """

    pacs = written.load(toml, {"T": "t"}).config.origins["pacs"]

    assert (pacs.token_endpoint, pacs.client_id) == ("https://login.example/token", "me")
    assert (pacs.client_secret_file, pacs.scopes) == (secret(), ("dicom.read",))
    assert pacs.refresh_token_file == secret()
    assert (pacs.client_certificate, pacs.client_key, pacs.ca_file) == (*pair, LOCALHOST)
    assert (pacs.proxy, pacs.rate) == ("http://proxy.example:3128", 2.5)
    assert pacs.headers == (
        HeaderSetting("x-site", "north"),
        HeaderSetting("x-key", file=secret()),
        HeaderSetting("x-t", variable="T"),
    )


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        (OAUTH + 'client_secret_env = "S"', "token_endpoint: needs client_id"),
        (OAUTH + 'client_id = "me"', "needs client_secret_file or client_secret_env"),
        ('client_id = "me"', "no token_endpoint"),
        ('scopes = ["all"]', "no token_endpoint"),
        ('refresh_token_file = "{secret}"', "no token_endpoint"),
        (
            OAUTH + 'client_id = "me"\nrefresh_token_file = "/no/such/file"',
            "refresh_token_file: /no/such/file",
        ),
        (OAUTH + 'client_id = "me"\nclient_secret_env = "UNSET"', "UNSET is not set"),
        (OAUTH + 'client_id = "me"\nclient_secret_env = "S"\ntoken_env = "S"', "keep one"),
        (
            OAUTH + 'client_id = "me"\nclient_secret_env = "S"\nclient_secret_file = "{secret}"',
            "client_secret_file and client_secret_env",
        ),
        ('token_endpoint = "http://login.example/token"', "needs https"),
        ('client_key = "{key}"', "client_key: needs client_certificate"),
        ('client_certificate = "{certificate}"\nclient_key = "/no/key"', "client_key: /no/key"),
        ('client_certificate = "{secret}"', "no certificate with its unencrypted key"),
        ('ca_file = "{secret}"', "no certificates in PEM form"),
        ('ca_file = "/no/such/file"', "no certificates in PEM form"),
        ('proxy = "proxy.example"', "not a proxy like"),
        ('proxy = "https://proxy.example:3128"', "not a proxy like"),
        ('proxy = "http://proxy.example:3128/path"', "not a proxy like"),
        ("rate = 0", "not a number above 0"),
        ('headers = {{ X-Key = {{ file = "/no/such/file" }} }}', "headers.x-key: /no/such/file"),
        ('headers = {{ X-Key = {{ env = "UNSET" }} }}', "UNSET is not set"),
    ],
)
def test_what_cannot_work_is_a_problem(written, secret, pair, lines, problem):
    names = {"secret": secret(), "certificate": pair[0], "key": pair[1]}

    problems = written.problems(PACS + lines.format(**names), {"S": "s"})

    assert any(problem in each for each in problems), problems


def test_a_key_that_others_can_read_is_refused(written, pair, tmp_path):
    key = tmp_path / "open.key"
    key.write_bytes(pair[1].read_bytes())
    key.chmod(0o644)
    toml = f'client_certificate = "{pair[0]}"\nclient_key = "{key}"'

    (problem,) = written.problems(PACS + toml)

    assert f"chmod 600 {key}" in problem


def test_a_certificate_needs_its_own_key(written, pair, tmp_path):
    other = self_signed(tmp_path, "other")
    toml = f'client_certificate = "{pair[0]}"\nclient_key = "{other[1]}"'

    (problem,) = written.problems(PACS + toml)

    assert "client_certificate" in problem


def test_an_encrypted_key_is_refused_without_asking_for_its_password(written, pair, tmp_path):
    key = tmp_path / "encrypted.key"
    encrypt = ("openssl", "ec", "-aes256", "-passout", "pass:word", "-in", pair[1], "-out", key)
    subprocess.run(encrypt, check=True, capture_output=True)
    key.chmod(0o600)

    (problem,) = written.problems(PACS + f'client_certificate = "{pair[0]}"\nclient_key = "{key}"')

    assert "unencrypted key" in problem


def test_a_value_that_may_be_a_secret_is_not_shown(written):
    loaded = written.load(PACS + 'headers = { X-Api-Key = "hunter2" }')

    assert loaded.written["origins.pacs.headers"] == '{X-Api-Key = "…"}'
    assert "hunter2" not in repr(loaded)


def test_a_password_in_a_proxy_is_refused_and_not_repeated(written):
    (problem,) = written.problems(PACS + 'proxy = "http://me:hunter2@proxy.example:3128"')

    assert "proxy" in problem
    assert "hunter2" not in problem


def test_a_token_endpoint_on_this_machine_needs_no_tls():
    assert addresses.token_endpoint("http://127.0.0.1:8080/t") == "http://127.0.0.1:8080/t"


@pytest.mark.parametrize(
    "name",
    [
        "Host",
        "authorization",
        "Content-Length",
        "Transfer-Encoding",
        "Connection",
        "Proxy-Authorization",
        "Range",
        "If-None-Match",
        "Accept",
        "Cache-Control",
    ],
)
def test_a_field_that_is_not_the_administrators_is_refused(name):
    with pytest.raises(ValueError, match=f"{name} is not a field that can be set"):
        headers.headers({name: "hunter2"})


@pytest.mark.parametrize(
    "table",
    [
        {},
        "X-Key: hunter2",
        {"X Key": "hunter2"},
        {"X-Key": "hunter2\r\nX-Other: 1"},
        {"X-Key": ""},
        {"X-Key": "hunter2 "},
        {"X-Key": 2},
        {"X-Key": {}},
        {"X-Key": {"file": "relative"}},
        {"X-Key": {"file": "/a", "env": "A"}},
        {"X-Key": {"env": "hunter2 is no name"}},
        {"X-Key": "a", "x-key": "b"},
    ],
)
def test_what_cannot_be_a_field_is_refused_and_its_value_is_not_repeated(table):
    with pytest.raises(ValueError, match=r"\w") as caught:
        headers.headers(table)

    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(("written", "number"), [(2, 2.0), (0.5, 0.5), ("2.5", 2.5)])
def test_a_rate(written, number):
    assert values.positive(written) == number


@pytest.mark.parametrize("written", [0, -1, "many", True, None, float("inf"), float("nan")])
def test_what_is_no_rate_is_refused(written):
    with pytest.raises(ValueError, match="above 0"):
        values.positive(written)
