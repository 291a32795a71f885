"""One load: what wins, where it comes from, and everything that is wrong at once."""

import stat
from pathlib import Path

import pytest

from imageid_daemon.config import Config, MinFree, Network, OriginSettings, load
from imageid_loaders.errors import ConfigurationError

RUNTIME = "IMAGEID_RUNTIME_DIR"


def test_without_anything_the_defaults_hold(written):
    config = written.load().config

    assert config.server.listen == ("unix:/run/test/grpc.sock", "127.0.0.1:8474")
    assert config.server.http == "127.0.0.1:8475"
    assert config.cache.size_bytes == 20 * 2**30
    assert config.cache.max_image_bytes == 4 * 2**30
    assert config.cache.min_free == MinFree(percent=5.0)
    assert config.cache.durable is False
    assert (config.decode.workers, config.decode.memory_bytes) == (None, 6 * 2**30)
    assert config.decode.timeout_seconds == 60.0
    assert config.network == Network(allow=())
    assert (config.loaders, config.origins) == ({}, {})


def test_the_file_is_read(written):
    loaded = written.load('[cache]\nsize = "1GiB"\ndurable = true\n[server]\nhttp = ""')

    assert loaded.config.cache.size_bytes == 2**30
    assert loaded.config.cache.durable is True
    assert loaded.config.server.http is None
    assert loaded.origin_of["cache.size"] == f"file {written.file}"


def test_the_environment_wins_over_the_file(written):
    loaded = written.load('[cache]\nsize = "1GiB"', {"IMAGEID_CACHE_SIZE": "2GiB"})

    assert loaded.config.cache.size_bytes == 2 * 2**30
    assert loaded.origin_of["cache.size"] == "environment IMAGEID_CACHE_SIZE"


def test_a_flag_wins_over_everything(written):
    environ = {"IMAGEID_CACHE_SIZE": "2GiB"}

    loaded = written.load('[cache]\nsize = "1GiB"', environ, cache__size="3GiB")

    assert loaded.config.cache.size_bytes == 3 * 2**30
    assert loaded.origin_of["cache.size"] == "flag"


def test_a_flag_that_was_not_given_changes_nothing(written):
    assert written.load(cache__size=None).origin_of["cache.size"] == "default"


def test_lists_in_the_environment_have_commas(written):
    environ = {
        "IMAGEID_NETWORK_ALLOW": "127.0.0.1:*, *.hospital.example",
        "IMAGEID_SERVER_LISTEN": "127.0.0.1:0,unix:/run/x.sock",
    }

    config = written.load("", environ).config

    assert config.network.allow == ("127.0.0.1:*", "*.hospital.example")
    assert config.server.listen == ("127.0.0.1:0", "unix:/run/x.sock")


def test_every_problem_is_reported_and_names_what_to_change(written):
    toml = '[cache]\nsize = "big"\n[log]\nlevel = "loud"\n[origins.pacs]\ntimeout = "long"'

    problems = written.problems(toml, {"IMAGEID_SERVER_HTTP": "0.0.0.0:80"}, cache__size="huge")

    assert [problem.split(":")[0] for problem in problems] == [
        "IMAGEID_SERVER_HTTP",
        "--cache-size",
        f"log.level in {written.file}",
        "origins.pacs.url",
        f"origins.pacs.timeout in {written.file}",
    ]


@pytest.mark.parametrize(
    ("toml", "problem"),
    [
        ("[cash]", "cash in {file}: is not a section; did you mean cache?"),
        ("[cache]\nsizes = 1", "cache.sizes in {file}: is not a setting; did you mean size?"),
        ("cache = 1", "cache in {file}: is not a table; write [cache]"),
        ("[origins]\npacs = 1", "origins.pacs in {file}: is not a table; write [origins.pacs]"),
        ("[loaders]\nfile = 1", "loaders.file in {file}: is not a table; write [loaders.file]"),
    ],
)
def test_an_unknown_name_is_a_problem_with_a_suggestion(written, toml, problem):
    assert written.problems(toml) == (problem.format(file=written.file),)


def test_a_password_written_into_the_file_is_refused_and_not_repeated(written):
    toml = '[origins.pacs]\nurl = "https://p"\npassword = "hunter2"'

    (problem,) = written.problems(toml)

    assert "did you mean password_" in problem
    assert "hunter2" not in problem


def test_a_flag_that_is_no_setting_is_a_problem(written):
    (problem,) = written.problems(cache__sise="1GiB")

    assert "did you mean cache.size?" in problem


def test_a_syntax_error_names_its_line(written):
    (problem,) = written.problems("[cache]\nsize = \n")

    assert str(written.file) in problem
    assert "line 2" in problem


def test_a_file_that_is_not_utf8_is_a_problem(written):
    written.file.write_bytes(b"\xff")

    with pytest.raises(ConfigurationError, match="UTF-8"):
        load(file=written.file, environ={RUNTIME: "/run/test"})


def test_a_file_that_was_named_must_exist(tmp_path: Path):
    with pytest.raises(ConfigurationError, match="no such file"):
        load(file=None, environ={"IMAGEID_CONFIG": str(tmp_path / "gone.toml")})


def test_the_users_own_file_may_be_absent(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))

    assert load(file=None, environ={RUNTIME: "/run/test"}).file is None


def test_the_users_own_file_is_found(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    file = tmp_path / "imageid" / "config.toml"
    file.parent.mkdir()
    file.write_text('[cache]\nsize = "1GiB"')

    loaded = load(file=None, environ={RUNTIME: "/run/test"})

    assert (loaded.file, loaded.config.cache.size_bytes) == (file, 2**30)


def test_the_runtime_directory_is_the_sessions(written):
    environ = {"IMAGEID_RUNTIME_DIR": "", "XDG_RUNTIME_DIR": "/run/user/7"}

    config = written.load("", environ).config

    assert config.runtime_directory == Path("/run/user/7/imageid")


def test_without_a_session_the_runtime_directory_is_where_clients_look_whatever_the_cache_is(
    written, monkeypatch
):
    monkeypatch.setenv("XDG_CACHE_HOME", "/home/me/.cache")
    environ = {"IMAGEID_RUNTIME_DIR": "", "IMAGEID_CACHE_DIRECTORY": "/var/cache/imageid"}

    config = written.load("", environ).config

    assert config.runtime_directory == Path("/home/me/.cache/imageid/run")
    assert config.server.listen[0] == "unix:/home/me/.cache/imageid/run/grpc.sock"


def test_a_runtime_directory_too_deep_for_a_socket_is_a_problem(written):
    (problem,) = written.problems("", {"IMAGEID_RUNTIME_DIR": "/run/" + "x" * 110})

    assert "IMAGEID_RUNTIME_DIR" in problem
    assert "107" in problem


def test_a_path_in_the_file_is_meant_from_the_files_folder(written):
    config = written.load('[cache]\ndirectory = "images"').config

    assert config.cache.directory == written.file.parent / "images"


def test_loader_tables_are_handed_on_as_written(written):
    toml = '[loaders.custom.teaching]\nurl = "https://t/{id}"\n[loaders.rows]\nlimit = 3'

    assert written.load(toml).config.loaders == {
        "custom": {"teaching": {"url": "https://t/{id}"}},
        "rows": {"limit": 3},
    }


def test_a_variable_replaces_the_roots_and_keeps_the_rest_of_the_table(written):
    toml = '[loaders.file]\nroots = ["/a"]\nother = 1'

    loaded = written.load(toml, {"IMAGEID_LOADERS_FILE_ROOTS": "/b,/c"})

    assert loaded.config.loaders["file"] == {"roots": ["/b", "/c"], "other": 1}


def test_an_origin_is_read_whole(written, secret):
    toml = f"""
        [origins.pacs]
        url = "https://pacs.example/dicom-web/"
        wado_uri = "https://pacs.example/wado"
        user = "viewer"
        password_file = "{secret()}"
        timeout = "1m"
        connect_timeout = "500ms"
        connections = 4
        retries = 0
        http2 = false
    """

    assert written.load(toml).config.origins == {
        "pacs": OriginSettings(
            name="pacs",
            url="https://pacs.example/dicom-web",
            wado_uri="https://pacs.example/wado",
            user="viewer",
            password_file=secret(),
            timeout_seconds=60.0,
            connect_timeout_seconds=0.5,
            connections=4,
            retries=0,
            http2=False,
        )
    }


def test_an_origins_defaults_are_those_of_its_class(written):
    config = written.load('[origins.pacs]\nurl = "https://pacs.example"').config

    assert config.origins["pacs"] == OriginSettings("pacs", "https://pacs.example")


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ('user = "u"', "needs password_file or password_env"),
        ('password_env = "P"', "has a password but no user"),
        ('user = "u"\npassword_env = "P"\ntoken_env = "T"', "keep one"),
        ('user = "u"\npassword_env = "P"\npassword_file = "{secret}"', "keep one"),
        ('token_env = "T"\ntoken_file = "{secret}"', "keep one"),
        ('user = "a:b"\npassword_env = "P"', "no colon"),
        ('token_env = "UNSET"', "UNSET is not set"),
        ('token_env = "not a name"', "not the name of an environment variable"),
        ('token_file = "/no/such/file"', "cannot be read"),
        ('token_file = "/tmp"', "not a regular file"),
    ],
)
def test_credentials_that_cannot_work_are_a_problem(written, secret, lines, problem):
    toml = '[origins.pacs]\nurl = "https://p"\n' + lines.format(secret=secret())

    (found,) = written.problems(toml, {"P": "p", "T": "t"})

    assert problem in found


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_secret_that_others_can_read_is_refused_with_the_command_that_helps(
    written, secret, mode
):
    file = secret(mode)

    (problem,) = written.problems(f'[origins.pacs]\nurl = "https://p"\ntoken_file = "{file}"')

    assert f"chmod 600 {file}" in problem
    assert stat.S_IMODE(file.stat().st_mode) == mode


def test_two_origins_with_one_url_are_a_problem(written):
    (problem,) = written.problems('[origins.a]\nurl = "https://p"\n[origins.b]\nurl = "https://p/"')

    assert "origins.b" in problem
    assert "origins.a" in problem


@pytest.mark.parametrize("name", ['"My PACS"', "PACS", '"a.b"', '"-a"'])
def test_an_origins_name_must_be_able_to_stand_in_an_image_id(written, name):
    problems = written.problems(f'[origins.{name}]\nurl = "https://p"')

    assert any("a name has" in problem for problem in problems)


def test_a_loaded_configuration_shows_no_secret(written, secret):
    toml = f"""
        [origins.a]
        url = "https://a"
        token_env = "TOKEN"
        [origins.b]
        url = "https://b"
        token_file = "{secret()}"
    """

    loaded = written.load(toml, {"TOKEN": "a very secret word"})

    assert "a very secret word" not in repr(loaded)


def test_every_value_is_shown_with_where_it_comes_from(written):
    loaded = written.load(
        '[origins.pacs]\nurl = "https://p"\n[loaders.rows]\nlimit = 3', cache__size="1GiB"
    )

    shown = {name: (loaded.written[name], loaded.origin_of[name]) for name in loaded.written}

    in_file = f"file {written.file}"
    assert shown["cache.size"] == ('"1GiB"', "flag")
    assert shown["origins.pacs.url"] == ('"https://p"', in_file)
    assert shown["origins.pacs.retries"] == ("3", "default")
    assert shown["loaders.rows.limit"] == ("3", in_file)
    assert loaded.origin_of.keys() == loaded.written.keys()


def test_equal_files_load_to_equal_configurations(written):
    toml = '[origins.pacs]\nurl = "https://p"'

    assert isinstance(written.load(toml).config, Config)
    assert written.load(toml).config == written.load(toml).config
