"""Which resource an imageId means, for the schemes of DICOMweb and bare URLs."""

import pytest

from imageid_loaders.base import Origin, Settings
from imageid_loaders.dicomweb import DicomwebLoader
from imageid_loaders.errors import ConfigurationError, InvalidImageId
from imageid_loaders.file import FileLoader
from imageid_loaders.http import HttpLoader, kind_of_url
from imageid_loaders.wado_rs import WadoRsLoader
from imageid_loaders.wado_uri import WadoUriLoader, wado_uri_image
from imageid_loaders.web import WebLoader

INSTANCE = "https://h/dicom-web/studies/1/series/2/instances/3"
PACS = Origin("pacs", "https://pacs/dw", "https://pacs/wado?aet=X")
ORIGINS = Settings(origins={"pacs": PACS, "plain": Origin("plain", "https://plain/dw")})


def wado_rs(image_id):
    return WadoRsLoader(ORIGINS).resolve(image_id)


def dicomweb(image_id):
    return DicomwebLoader(ORIGINS).resolve(image_id)


def http(image_id):
    return HttpLoader(Settings()).resolve(image_id)


def test_a_frame_is_described_by_its_series_then_its_instance():
    image = wado_rs(f"wadors:{INSTANCE}/frames/7")

    assert image.resource.url == f"{INSTANCE}/frames/7"
    assert [each.url for each in image.metadata] == [
        "https://h/dicom-web/studies/1/series/2/metadata",
        f"{INSTANCE}/metadata",
    ]
    assert image.sop_instance_uid == "3"


def test_a_frame_is_contained_in_its_instance():
    image = wado_rs(f"wadors:{INSTANCE}/frames/7")

    assert image.container == wado_rs(f"wadors:{INSTANCE}").resource
    assert image.container_frame == 7
    assert image.frame is None


def test_an_instance_has_the_frame_of_its_query():
    image = wado_rs(f"wadors:{INSTANCE}?frame=7")

    assert (image.resource.url, image.frame, image.container) == (INSTANCE, 7, None)


def test_a_query_stays_on_every_request():
    image = wado_rs(f"wadors:{INSTANCE}/frames/1?imageSetId=a%2Fb")

    resources = [image.resource, *image.metadata, image.container]
    assert all(each.url.endswith("?imageSetId=a%2Fb") for each in resources)


def test_pixels_stay_fresh_for_a_day_and_metadata_for_minutes():
    image = wado_rs(f"wadors:{INSTANCE}/frames/1")

    assert image.resource.fresh_for_seconds == image.container.fresh_for_seconds == 86_400
    assert {each.fresh_for_seconds for each in image.metadata} == {300}


def test_the_instance_and_its_frame_are_named_by_their_uid_and_documents_are_not():
    image = wado_rs(f"wadors:{INSTANCE}/frames/1")

    assert image.resource.is_instance
    assert image.container.is_instance
    assert not any(each.is_instance for each in image.metadata)
    assert not wado_rs(f"wadors:{INSTANCE}/rendered").resource.is_instance


@pytest.mark.parametrize(
    ("query", "is_instance"),
    [
        ("requestType=WADO&objectUID=3&contentType=application%2Fdicom", True),
        ("requestType=WADO&objectUID=3&contentType=image/jpeg", False),
        ("requestType=WADO&objectUID=3", False),
        ("objectUID=3&contentType=application/dicom", False),
    ],
)
def test_a_wado_request_for_the_file_names_an_instance(query, is_instance):
    assert wado_uri_image(f"https://h/wado?{query}").resource.is_instance is is_instance


@pytest.mark.parametrize("view", ["/rendered", "/thumbnail", "/frames/2/rendered"])
def test_a_rendered_view_is_an_image_of_its_own(view):
    image = wado_rs(f"wadors:{INSTANCE}{view}?window=40,400,linear")

    assert image.resource.accept == "image/jpeg"
    assert image.resource.url == f"{INSTANCE}{view}?window=40,400,linear"
    assert image.metadata == ()


def test_several_frames_in_one_image_id_are_refused_by_name():
    with pytest.raises(InvalidImageId, match="several frames"):
        wado_rs(f"wadors:{INSTANCE}/frames/1,2")


def test_a_series_is_no_image_but_can_be_listed():
    with pytest.raises(InvalidImageId, match="list it"):
        wado_rs("wadors:https://h/studies/1/series/2")


@pytest.mark.parametrize(
    ("image_id", "url"),
    [
        ("wadors://pacs/1/2/3/frames/1", "https://pacs/dw/studies/1/series/2/instances/3/frames/1"),
        ("wadors://pacs/1/2/3", "https://pacs/dw/studies/1/series/2/instances/3"),
        (
            "wadors://pacs/studies/1/series/2/instances/3",
            "https://pacs/dw/studies/1/series/2/instances/3",
        ),
        ("wadors://h:8443/1/2/3", "https://h:8443/dicom-web/studies/1/series/2/instances/3"),
        (
            "wadors://h/rs/studies/1/series/2/instances/3",
            "https://h/rs/studies/1/series/2/instances/3",
        ),
        (
            "wadors://h/studies/1/series/2/instances/3/frames/4",
            "https://h/studies/1/series/2/instances/3/frames/4",
        ),
    ],
)
def test_a_server_is_an_origin_by_name_or_a_host_by_https(image_id, url):
    assert wado_rs(image_id).resource.url == url


@pytest.mark.parametrize("path", ["1/2", "1/x/3", "1//3", "..", "1/2/3?frame=0"])
def test_behind_a_server_three_uids_are_expected(path):
    with pytest.raises(InvalidImageId):
        wado_rs(f"wadors://pacs/{path}")


WADO_QUERY = "requestType=WADO&studyUID=1&seriesUID=2&objectUID=3&contentType=application/dicom"


@pytest.mark.parametrize(
    ("image_id", "url"),
    [
        ("dicomweb://pacs/wado/1/2/3", f"https://pacs/wado?aet=X&{WADO_QUERY}"),
        ("dicomweb://h/wado/1/2/3", f"https://h/wado?{WADO_QUERY}"),
        (
            "dicomweb://h/wado/1/2/3?transferSyntax=*",
            f"https://h/wado?{WADO_QUERY}&transferSyntax=*",
        ),
        ("dicomweb://plain/wado/1/2/3", "https://plain/dw/studies/1/series/2/instances/3"),
        ("dicomweb:https://h/a.dcm?b=c", "https://h/a.dcm?b=c"),
        (f"dicomweb:{INSTANCE}/frames/1", f"{INSTANCE}/frames/1"),
    ],
)
def test_dicomweb_means_wado_uri_unless_it_names_a_wado_rs_instance(image_id, url):
    assert dicomweb(image_id).resource.url == url


def test_dicomweb_of_a_wado_rs_instance_shares_the_resource_of_wadors():
    assert dicomweb(f"dicomweb:{INSTANCE}/frames/1") == wado_rs(f"wadors:{INSTANCE}/frames/1")


@pytest.mark.parametrize("origin", ["pacs", "plain"])
@pytest.mark.parametrize("frame", ["?frame=5", "&frame=5"])
def test_the_frame_of_a_dicomweb_server_is_kept(origin, frame):
    assert dicomweb(f"dicomweb://{origin}/wado/1/2/3{frame}").frame == 5


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("https://h/photo.jpg", "web"),
        ("https://h/wado?requestType=WADO&objectUID=3", "wado_uri"),
        ("https://h/wado?objectUID=3&REQUESTTYPE=wado", "wado_uri"),
        (INSTANCE, "wado_rs"),
        (f"{INSTANCE}/frames/1?a=b", "wado_rs"),
        ("https://h/studies/1/photo.jpg", "web"),
        ("https://h/studies/1/series/2", "web"),
    ],
)
def test_a_bare_url_is_what_it_looks_like(url, kind):
    assert kind_of_url(url) == kind


def test_wadors_and_a_bare_url_share_the_resource():
    assert http(f"{INSTANCE}/frames/1") == wado_rs(f"wadors:{INSTANCE}/frames/1")


def test_wadouri_and_a_bare_url_share_the_resource():
    url = "https://h/wado?requestType=WADO&frame=2&objectUID=3"

    assert http(url) == WadoUriLoader(Settings()).resolve(f"wadouri:{url}")


def test_web_and_a_bare_url_and_wadouri_share_the_resource_of_a_file():
    url = "https://h/a.dcm"
    images = [http(url), WebLoader(Settings()).resolve(f"web:{url}")]

    keys = {image.resource.key for image in images}

    assert keys == {WadoUriLoader(Settings()).resolve(f"wadouri:{url}?frame=3").resource.key}


def test_a_frame_and_its_url_as_a_file_are_two_resources():
    web = WebLoader(Settings()).resolve(f"web:{INSTANCE}/frames/1")

    assert web.resource.key != http(f"{INSTANCE}/frames/1").resource.key


def test_the_frame_of_a_web_image_is_its_own_affair():
    assert http("https://h/still?frame=30").resource.url == "https://h/still?frame=30"


def test_a_relative_url_is_refused_because_it_has_no_base():
    with pytest.raises(InvalidImageId, match="base"):
        wado_rs("wadors:/dicom-web/studies/1/series/2/instances/3")


@pytest.mark.parametrize("image_id", ["dicomfile:3", "dicomfile:0&frame=1", "dicomfile:http://1"])
def test_an_index_into_a_web_page_is_refused_with_an_explanation(image_id):
    with pytest.raises(InvalidImageId, match="web page has in memory"):
        FileLoader(Settings({"roots": ["/"]})).resolve(image_id)


@pytest.mark.parametrize(
    "loader", [WadoRsLoader, WadoUriLoader, DicomwebLoader, HttpLoader, WebLoader]
)
def test_an_unknown_setting_is_named(loader):
    with pytest.raises(ConfigurationError, match=rf"loaders\.{loader.name}\.colour"):
        loader(Settings({"colour": "red"}))
