"""Opening files below configured folders, and nowhere else."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from imageid_loaders.errors import ConfigurationError, Denied, NotAllowed, NotFound
from imageid_loaders.open_file import OpenFile

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC


class Roots:
    """The folders whose files may be read.

    Symbolic links are followed as long as they stay inside; a link that leads out is as
    forbidden as the path it leads to.

    Args:
        value: the setting, a list of absolute paths.

    Raises:
        errors.ConfigurationError: the setting is something else.
    """

    def __init__(self, value: object) -> None:
        self._roots = _absolute_paths(value)

    def check(self, path: Path) -> None:
        """Refuse a path that lies outside by its wording alone, without any I/O.

        Raises:
            errors.NotAllowed: it does.
        """
        if not any(path.is_relative_to(root) for root in self._roots):
            raise NotAllowed(
                "The file lies outside of the configured folders: add its folder to "
                "loaders.file.roots."
            )

    def open(self, path: Path) -> OpenFile:
        """A regular file. Blocks.

        Raises:
            errors.NotAllowed: it lies outside of the roots, or is no regular file.
            errors.NotFound: there is none.
            errors.Denied: the file system refuses.
        """
        self.check(path)
        try:
            file = OpenFile(self._open_beneath(Path(os.path.realpath(path, strict=True))))
        except (FileNotFoundError, NotADirectoryError) as error:
            raise NotFound("There is no such file: correct the imageId's path.") from error
        except PermissionError as error:
            raise Denied("The file system refuses to open the file: check its rights.") from error
        except OSError as error:
            raise NotAllowed("The file cannot be opened safely: it is a link in motion.") from error
        if not stat.S_ISREG(file.status().st_mode):
            file.close()
            raise NotAllowed("The path is no regular file: name a file, or list the folder.")
        return file

    def files(self, folder: Path) -> Iterator[Path]:
        """Every file below a folder, in the order of their names. Blocks.

        Linked folders are left out: they may form a circle.

        Raises:
            errors.NotAllowed: the folder lies outside of the roots.
        """
        self.check(folder)
        self._root_of(Path(os.path.realpath(folder)))
        for directory, folders, names in os.walk(folder):
            folders.sort()
            yield from (Path(directory, name) for name in sorted(names))

    def _open_beneath(self, real: Path) -> int:
        """Step down from the root, so that no folder on the way can become a link meanwhile."""
        root = self._root_of(real)
        descriptor = os.open(root, _READ | os.O_DIRECTORY)
        parts = real.relative_to(root).parts
        for number, part in enumerate(parts, start=1):
            # Without O_NONBLOCK, opening a named pipe would wait for a writer.
            kind = os.O_NONBLOCK if number == len(parts) else os.O_DIRECTORY
            parent = descriptor
            try:
                descriptor = os.open(part, _READ | kind, dir_fd=parent)
            finally:
                os.close(parent)
        return descriptor

    def _root_of(self, real: Path) -> Path:
        for root in self._roots:
            real_root = Path(os.path.realpath(root))
            if real.is_relative_to(real_root):
                return real_root
        raise NotAllowed(
            "The path is a link that leads out of the configured folders: add the folder it "
            "leads to to loaders.file.roots."
        )


def _absolute_paths(value: object) -> Sequence[Path]:
    if not isinstance(value, (list, tuple)) or not all(isinstance(item, str) for item in value):
        raise ConfigurationError("loaders.file.roots must be a list of folders")
    paths = [Path(item).expanduser() for item in value]
    problems = [
        f"loaders.file.roots[{index}] is no absolute path without '..'"
        for index, path in enumerate(paths)
        if not path.is_absolute() or ".." in path.parts
    ]
    if problems:
        raise ConfigurationError(*problems)
    return paths
