"""What entries and events show of a URL."""

import pytest

from imageid_daemon.resolver.shown_url import shown_url


@pytest.mark.parametrize(
    "url",
    [
        "https://pacs/dicom-web/studies/1.2/series/3/instances/4/frames/1",
        "https://pacs/wado?requestType=WADO&studyUID=1.2&objectUID=3&contentType=image/png",
        "file:///data/a%20b.dcm",
        "example:1",
        "https://web/a.png?",
    ],
)
def test_what_names_an_image_is_shown_as_it_is(url):
    assert shown_url(url) == url


@pytest.mark.parametrize(
    "name",
    ["access_token", "X-Amz-Signature", "X-Amz-Credential", "sig", "api_key", "Authorization"],
)
def test_what_may_be_a_secret_is_not_shown(name):
    assert (
        shown_url(f"https://web/a.png?n=1&{name}=s3cret&m=2")
        == f"https://web/a.png?n=1&{name}=…&m=2"
    )
