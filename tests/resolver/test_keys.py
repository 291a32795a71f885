"""What tells two stored things apart."""

import pytest
from tests.resolver.conftest import Answer

from imageid_daemon.resolver.keys import derived_key, source_key
from imageid_loaders.errors import NotInCache


async def test_what_one_identity_may_see_is_not_served_to_another(world):
    world.origins.identity = "anna"
    image_id = world.loader.serve("a", Answer(b"body"))
    await world.load(image_id)

    world.origins.identity = "bert"

    assert not (await world.stat(image_id, None)).cached
    with pytest.raises(NotInCache):
        await world.load(image_id, mode="only-if-cached")
    assert (await world.load(image_id)).status == "miss"
    assert world.loader.opened == ["a", "a"]


def test_parts_of_a_key_do_not_run_into_each_other():
    assert source_key("ab", "c") != source_key("a", "bc")
    assert derived_key("step", ("ab", "c")) != derived_key("step", ("a", "bc"))


def test_a_source_and_what_is_derived_from_it_never_have_one_key():
    assert source_key("a", "b") != derived_key("a", ("b",))


def test_a_key_depends_on_every_parent_and_option():
    keys = {
        derived_key("decode", ("1",), 1),
        derived_key("decode", ("1",), 2),
        derived_key("decode", ("2",), 1),
        derived_key("decode", ("1", "2"), 1),
        derived_key("refine", ("1",), 1),
    }

    assert len(keys) == 5
