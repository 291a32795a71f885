import asyncio
import os

import pytest

from descriptors import open_files
from imageid_loaders.base import Request, Settings, Validators
from imageid_loaders.errors import (
    ConfigurationError,
    Corrupt,
    InvalidImageId,
    NotAllowed,
    NotFound,
)
from imageid_loaders.file import FileLoader
from imageid_loaders.file_url import file_url
from imageid_loaders.testing import DeadTransport, load


@pytest.fixture
def root(tmp_path):
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").write_bytes(b"secret")
    root = tmp_path / "root"
    root.mkdir()
    (root / "a.dcm").write_bytes(bytes(128) + b"DICM" + bytes(1_000_000))
    return root


@pytest.fixture
def loader(root):
    return FileLoader(Settings({"roots": [str(root)]}))


@pytest.fixture
def read(loader):
    def read(path, **validators):
        resource = loader.resolve(file_url(path)).resource
        return asyncio.run(load(loader, resource, DeadTransport(), Validators(**validators)))

    return read


def test_a_file_is_read_whole(read, root):
    loaded = read(root / "a.dcm")

    assert loaded.data == (root / "a.dcm").read_bytes()
    assert (loaded.source.media_type, loaded.source.size_bytes) == ("application/dicom", 1_000_132)


def test_a_file_is_validated_every_time(read, root):
    assert read(root / "a.dcm").source.headers["cache-control"] == "no-cache"


def test_a_write_changes_the_validator(read, root):
    before = read(root / "a.dcm").source.headers["etag"]
    (root / "a.dcm").write_bytes(b"shorter")

    assert read(root / "a.dcm", etag=before).data == b"shorter"


def test_a_replaced_file_of_the_same_size_and_time_has_another_validator(read, root):
    before = read(root / "a.dcm").source.headers["etag"]
    status = (root / "a.dcm").stat()
    (root / "b.dcm").write_bytes(bytes(status.st_size))
    os.utime(root / "b.dcm", ns=(status.st_atime_ns, status.st_mtime_ns))
    (root / "b.dcm").rename(root / "a.dcm")

    assert read(root / "a.dcm").source.headers["etag"] != before


@pytest.mark.parametrize("change", [b"", b"more" * 500_000])
def test_a_file_changed_while_it_is_read_is_corrupt(loader, root, change):
    async def read_with_a_writer():
        resource = loader.resolve(file_url(root / "a.dcm")).resource
        async with loader.open(Request(resource, DeadTransport())) as source:
            await anext(source.chunks)
            await asyncio.to_thread((root / "a.dcm").write_bytes, change)
            return [chunk async for chunk in source.chunks]

    with pytest.raises(Corrupt, match="changed while it was read"):
        asyncio.run(read_with_a_writer())


def test_a_file_is_closed_whether_it_was_read_or_refused(read, root):
    before = open_files()
    read(root / "a.dcm")
    with pytest.raises(NotAllowed):
        read(root)

    assert open_files() == before


def test_a_file_outside_of_the_roots_is_not_allowed(loader, root):
    with pytest.raises(NotAllowed, match=r"loaders\.file\.roots"):
        loader.resolve(file_url(root.parent / "outside" / "secret"))


def test_a_sibling_whose_name_begins_like_the_root_is_outside(loader, root):
    with pytest.raises(NotAllowed):
        loader.resolve(file_url(root.parent / "root2" / "a"))


def test_without_roots_nothing_is_allowed(root):
    with pytest.raises(NotAllowed):
        FileLoader(Settings()).resolve(file_url(root / "a.dcm"))


@pytest.mark.parametrize(
    "path", ["../outside/secret", "%2e%2e/outside/secret", "x/../../outside/secret"]
)
def test_a_path_cannot_climb_out(loader, root, path):
    with pytest.raises(InvalidImageId, match=r"'\.\.'"):
        loader.resolve(f"file://{root}/{path}")


def test_a_path_is_percent_decoded_once(loader, root, read):
    (root / "%2e%2e").write_bytes(b"odd name")

    resource = loader.resolve(f"file://{root}/%252e%252e").resource

    assert asyncio.run(load(loader, resource, DeadTransport())).data == b"odd name"


def test_a_name_that_is_no_utf_8_can_be_read(read, root):
    path = root / os.fsdecode(b"\xff?#.dcm")
    path.write_bytes(b"odd name")

    assert read(path).data == b"odd name"


def test_a_link_that_leads_out_is_not_allowed(read, root):
    (root / "link").symlink_to(root.parent / "outside" / "secret")

    with pytest.raises(NotAllowed, match="leads out"):
        read(root / "link")


def test_a_linked_folder_that_leads_out_is_not_allowed(read, root):
    (root / "link").symlink_to(root.parent / "outside")

    with pytest.raises(NotAllowed, match="leads out"):
        read(root / "link" / "secret")


def test_a_link_that_stays_inside_is_followed(read, root):
    (root / "link").symlink_to("a.dcm")

    assert read(root / "link").source.size_bytes == 1_000_132


def test_a_root_may_itself_be_a_link(root):
    (root.parent / "alias").symlink_to(root)
    loader = FileLoader(Settings({"roots": [str(root.parent / "alias")]}))
    resource = loader.resolve(file_url(root.parent / "alias" / "a.dcm")).resource

    assert asyncio.run(load(loader, resource, DeadTransport())).data


def test_a_named_pipe_is_not_waited_for(read, root):
    os.mkfifo(root / "pipe")

    with pytest.raises(NotAllowed, match="no regular file"):
        read(root / "pipe")


def test_a_folder_is_no_image(read, root):
    with pytest.raises(NotAllowed, match="no regular file"):
        read(root)


def test_a_file_below_a_file_is_not_found(read, root):
    with pytest.raises(NotFound):
        read(root / "a.dcm" / "b")


@pytest.mark.parametrize("value", ["/data", [1], ["data"], ["/data/../etc"], {"a": 1}])
def test_roots_that_cannot_be_meant_are_named(value):
    with pytest.raises(ConfigurationError, match=r"loaders\.file\.roots"):
        FileLoader(Settings({"roots": value}))
