"""Entries by pages and by many keys: all that is there, each once, whatever changes meanwhile."""

from __future__ import annotations

from tests.cache.conftest import keep


async def all_pages(store, count: int) -> list[list[str]]:
    pages, after = [], ""
    while after is not None:
        entries, after = await store.page(after, count)
        pages.append([entry.key for entry in entries])
    return pages


async def test_pages_have_every_entry_once_in_the_order_of_keys(disk):
    async with disk.opened() as store:
        for key in "cadbe":
            await keep(store, key, key.encode())

        assert await all_pages(store, 2) == [["a", "b"], ["c", "d"], ["e"]]


async def test_a_full_last_page_is_followed_by_an_empty_one(disk):
    async with disk.opened() as store:
        for key in "ab":
            await keep(store, key, key.encode())

        assert await all_pages(store, 2) == [["a", "b"], []]


async def test_what_goes_and_comes_between_pages_neither_hides_nor_repeats_the_others(disk):
    async with disk.opened() as store:
        for key in "bdf":
            await keep(store, key, key.encode())
        first, after = await store.page("", 2)

        await store.forget(["b", "d"])
        await keep(store, "a", b"new")
        rest, end = await store.page(after, 2)

        assert [entry.key for entry in first + rest] == ["b", "d", "f"]
        assert end is None


async def test_many_entries_are_found_whether_used_lately_or_not(disk):
    async with disk.opened() as store:
        await keep(store, "a", b"1")
    async with disk.opened() as store:
        await keep(store, "b", b"2")

        found = await store.find_many(["a", "b", "c"])

        assert {key: entry.digest for key, entry in found.items()} == {
            key: (await store.find(key)).digest for key in "ab"
        }


async def test_a_pin_and_its_label_outlive_a_restart(disk):
    async with disk.opened() as store:
        await keep(store, "a", b"1")
        await store.pin(["a"], 2.0**40, "tumour board")

    async with disk.opened() as store:
        assert store.pin_of("a").tag == "tumour board"
        assert store.tagged("tumour board") == {"a"}
        assert await store.unpin(["a"]) == 1

    async with disk.opened() as store:
        assert store.pin_of("a") is None
        assert store.tagged("tumour board") == set()
