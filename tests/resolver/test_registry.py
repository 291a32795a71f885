"""Which loader a scheme selects, and what is said when that cannot be decided."""

from importlib.metadata import EntryPoint, entry_points

import pytest

from imageid_daemon.registry import GROUP, installed_loaders
from imageid_loaders.base import Settings
from imageid_loaders.errors import ConfigurationError, InvalidImageId, SchemeUnsupported

RAMP = "imageid_loaders.synthetic:RampLoader"
EXAMPLE = "imageid_loaders.synthetic:ExampleLoader"


def registry(*points, options=None):
    made = [EntryPoint(name, value, GROUP) for name, value in points]
    return installed_loaders(options or {}, Settings(), made)


def test_the_scheme_selects_the_loader_in_any_case():
    loaders = registry(("ramp", RAMP), ("example", EXAMPLE))

    scheme, loader = loaders.find("RAMP://8,8")

    assert (scheme, loader.name) == ("ramp", "ramp")


def test_an_image_id_that_was_read_is_not_read_again_by_the_same_loaders():
    loaders = registry(("ramp", RAMP))

    _, loader, image = loaders.resolve("ramp://8,8")

    assert loaders.resolve("ramp://8,8")[2] is image
    assert registry(("ramp", RAMP)).resolve("ramp://8,8")[1] is not loader
    for _ in range(2):
        with pytest.raises(InvalidImageId):
            loaders.resolve("ramp://none")


def test_two_loaders_that_claim_one_scheme_are_an_error_that_names_both():
    with pytest.raises(ConfigurationError) as failure:
        registry(("ramp", RAMP), ("Ramp", EXAMPLE))

    assert "'ramp'" in str(failure.value)
    assert RAMP in str(failure.value)
    assert EXAMPLE in str(failure.value)


def test_two_schemes_of_one_class_share_its_instance():
    loaders = registry(("ramp", RAMP), ("slope", RAMP))

    assert loaders.find("ramp:")[1] is loaders.find("slope:")[1]
    assert loaders.installed[0].schemes == ("ramp", "slope")


def test_an_unknown_scheme_says_which_are_known():
    with pytest.raises(SchemeUnsupported, match="example, ramp") as failure:
        registry(("ramp", RAMP), ("example", EXAMPLE)).find("foo:bar")

    assert failure.value.metadata == {"scheme": "foo", "schemes": "example, ramp"}


def test_what_stands_for_an_unknown_scheme_is_not_repeated_if_it_may_be_anything():
    with pytest.raises(SchemeUnsupported, match=r"scheme '\?'"):
        registry(("ramp", RAMP)).find("x" * 100 + ":bar")


@pytest.mark.parametrize("image_id", ["no colon", ":nothing before it"])
def test_an_image_id_without_a_scheme_says_so(image_id):
    with pytest.raises(InvalidImageId, match="begins with a scheme"):
        registry(("ramp", RAMP)).find(image_id)


def test_a_loader_that_cannot_be_imported_is_named():
    with pytest.raises(ConfigurationError, match="no_such_module:Loader"):
        registry(("x", "no_such_module:Loader"))


def test_options_for_a_loader_that_is_not_installed_are_an_error():
    with pytest.raises(ConfigurationError, match=r"\[loaders.rmap\].*ramp"):
        registry(("ramp", RAMP), options={"rmap": {}})


def test_every_built_in_scheme_has_a_loader():
    points = [
        point
        for point in entry_points(group=GROUP)
        if point.dist is not None and point.dist.name == "imageid-daemon"
    ]

    schemes = installed_loaders({}, Settings(), points).schemes

    assert schemes == sorted(point.name for point in points)
    assert len(schemes) == 12
