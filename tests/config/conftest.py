from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from imageid_daemon.config import Loaded, load
from imageid_loaders.errors import ConfigurationError


@dataclass
class Written:
    """A configuration as somebody wrote it."""

    file: Path

    def load(self, toml: str = "", environ: dict[str, str] | None = None, **flags) -> Loaded:
        self.file.write_text(toml, "utf-8")
        runtime = {"IMAGEID_RUNTIME_DIR": "/run/test"}
        dotted = {name.replace("__", "."): value for name, value in flags.items()}
        return load(file=self.file, environ={**runtime, **(environ or {})}, flags=dotted)

    def problems(self, toml: str = "", environ: dict[str, str] | None = None, **flags):
        with pytest.raises(ConfigurationError) as caught:
            self.load(toml, environ, **flags)
        return caught.value.problems


@pytest.fixture
def written(tmp_path: Path) -> Written:
    return Written(tmp_path / "config.toml")


@pytest.fixture
def secret(tmp_path: Path) -> Callable[..., Path]:
    """Makes secret files."""

    def made(mode: int = 0o600) -> Path:
        file = tmp_path / "secret"
        file.write_text("a very secret word")
        file.chmod(mode)
        return file

    return made
