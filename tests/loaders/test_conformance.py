"""Every built-in loader passes the suite that other people's loaders have to pass."""

import gzip
import json
import struct

import pytest

from imageid_loaders.base import Origin, Settings
from imageid_loaders.custom import CustomLoader
from imageid_loaders.dicomweb import DicomwebLoader
from imageid_loaders.file import FileLoader
from imageid_loaders.http import HttpLoader
from imageid_loaders.nifti import NiftiLoader
from imageid_loaders.part10 import phantom_file
from imageid_loaders.synthetic import ExampleLoader, RampLoader
from imageid_loaders.testing import ListerTests, LoaderTests
from imageid_loaders.wado_rs import WadoRsLoader
from imageid_loaders.wado_uri import WadoUriLoader
from imageid_loaders.web import WebLoader

PNG = b"\x89PNG\r\n\x1a\n" + bytes(3000)
# Of NIfTI-1, as far as loaders read it: 8 × 8 × 3 bytes in 2 volumes.
NIFTI = struct.pack("<i36x8h288x4s4x", 348, 4, 8, 8, 3, 2, 1, 1, 1, b"n+1") + bytes(8 * 8 * 3 * 2)
SERIES = "/dicom-web/studies/1.2/series/3.4"
INSTANCE = f"{SERIES}/instances/5.6"
WADO = "requestType=WADO&studyUID=1.2&seriesUID=3.4&objectUID=5.6&contentType=application/dicom"


@pytest.fixture
def hospital(origin, answer):
    """A DICOMweb server with one instance of two frames, and a picture."""

    def part(media_type, body):
        head = f"--b\r\nContent-Type: {media_type}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        return answer(
            head + body + b"\r\n--b--",
            headers={
                "Content-Type": 'multipart/related; type="application/dicom"; boundary=b',
                "ETag": '"1"',
            },
        )

    described = {
        "00080018": {"vr": "UI", "Value": ["5.6"]},
        "0020000E": {"vr": "UI", "Value": ["3.4"]},
        "00280008": {"vr": "IS", "Value": [2]},
        "00280010": {"vr": "US", "Value": [256]},
    }
    document = answer(
        json.dumps([described]).encode(), headers={"Content-Type": "application/dicom+json"}
    )
    file = answer(phantom_file(1), headers={"Content-Type": "image/png", "ETag": '"1"'})
    picture = answer(PNG, headers={"Content-Type": "image/jpeg", "ETag": '"1"'})
    origin.answers |= {
        INSTANCE: part("application/dicom", phantom_file(1)),
        f"{INSTANCE}/frames/1": part("application/octet-stream", bytes(4000)),
        f"{INSTANCE}/frames/2": part("application/octet-stream", bytes(4000)),
        f"{INSTANCE}/metadata": document,
        f"{SERIES}/metadata": document,
        f"/wado?{WADO}": file,
        "/a.dcm?token=a/b%2Fc": file,
        "/a.png?frame=2": picture,
        "/files/one%20image": file,
        "/v.nii.gz?token=a/b%2Fc": answer(
            gzip.compress(NIFTI), headers={"Content-Type": "text/plain", "ETag": '"1"'}
        ),
    }
    return origin


class TestWadoUri(LoaderTests):
    @pytest.fixture
    def loader(self):
        return WadoUriLoader(Settings())

    @pytest.fixture
    def image_id(self, hospital):
        return f"wadouri:{hospital.url}/a.dcm?frame=2&token=a/b%2Fc"

    @pytest.fixture
    def same_image_ids(self, hospital):
        url = hospital.url.replace("http", "HTTP")
        return [
            f"wadouri:{url}/a.dcm?token=a/b%2Fc",
            f"wadouri:{url}/a.dcm?token=a/b%2Fc&frame=1#x",
        ]

    @pytest.fixture
    def invalid_image_ids(self):
        return ["wadouri:/a.dcm", "wadouri:https://h/a?frame=0", "wadouri:https://u:p@h/a"]

    @pytest.fixture
    def missing_image_id(self, hospital):
        return f"wadouri:{hospital.url}/b.dcm"


class TestWeb(LoaderTests):
    @pytest.fixture
    def loader(self):
        return WebLoader(Settings())

    @pytest.fixture
    def image_id(self, hospital):
        return f"web:{hospital.url}/a.png?frame=2"

    @pytest.fixture
    def invalid_image_ids(self):
        return ["web:photo.jpg", "web:https:///photo.jpg", "web:https://h/a b.jpg"]

    @pytest.fixture
    def missing_image_id(self, hospital):
        return f"web:{hospital.url}/b.png"


class TestHttp(LoaderTests):
    @pytest.fixture
    def loader(self):
        return HttpLoader(Settings())

    @pytest.fixture
    def image_id(self, hospital):
        return f"{hospital.url}/a.png?frame=2"

    @pytest.fixture
    def same_image_ids(self, hospital):
        return [f"{hospital.url}/a.png?frame=2#decimation=2"]

    @pytest.fixture
    def invalid_image_ids(self):
        return ["http:/h/a.png", "https://h:99999/a.png", "https://h/a/../b.png"]

    @pytest.fixture
    def missing_image_id(self, hospital):
        return f"{hospital.url}{SERIES}/instances/9/frames/1"


class TestFrame(LoaderTests):
    @pytest.fixture
    def loader(self):
        return WadoRsLoader(Settings())

    @pytest.fixture
    def image_id(self, hospital):
        return f"wadors:{hospital.url}{INSTANCE}/frames/2"

    @pytest.fixture
    def invalid_image_ids(self):
        series = "wadors:https://h/studies/1/series/2"
        views = ["/frames/0", "/frames/1,2", "/frames/a", "/metadata", "/frames/1?frame=1"]
        return [series, "wadors:studies/1", *(f"{series}/instances/3{view}" for view in views)]

    @pytest.fixture
    def missing_image_id(self, hospital):
        return f"wadors:{hospital.url}{SERIES}/instances/9/frames/1"


class TestInstance(TestFrame):
    @pytest.fixture
    def image_id(self, hospital):
        return f"wadors:{hospital.url}{INSTANCE}"

    @pytest.fixture
    def same_image_ids(self, hospital):
        return [f"wadors:{hospital.url}{INSTANCE}?frame=2", f"wadors:{hospital.url}{INSTANCE}/"]


class TestNamedServer(TestFrame):
    @pytest.fixture
    def loader(self, hospital):
        return WadoRsLoader(Settings(origins={"pacs": Origin("pacs", f"{hospital.url}/dicom-web")}))

    @pytest.fixture
    def image_id(self):
        return "wadors://pacs/1.2/3.4/5.6/frames/1"

    @pytest.fixture
    def same_image_ids(self, hospital):
        return [
            "wadors://PACS/studies/1.2/series/3.4/instances/5.6/frames/1",
            f"wadors:{hospital.url}{INSTANCE}/frames/1",
        ]


class TestDicomweb(LoaderTests):
    @pytest.fixture
    def loader(self, hospital):
        pacs = Origin("pacs", f"{hospital.url}/dicom-web", f"{hospital.url}/wado")
        return DicomwebLoader(Settings(origins={"pacs": pacs}))

    @pytest.fixture
    def image_id(self):
        return "dicomweb://pacs/wado/1.2/3.4/5.6"

    @pytest.fixture
    def same_image_ids(self, hospital):
        return [
            "dicomweb://pacs/wado/1.2/3.4/5.6?frame=1",
            f"dicomweb:{hospital.url}/wado?frame=3&{WADO}",
        ]

    @pytest.fixture
    def invalid_image_ids(self):
        return ["dicomweb:3", "dicomweb://pacs/1/2/3", "dicomweb://pacs/wado/1/2", "dicomweb://"]

    @pytest.fixture
    def missing_image_id(self):
        return "dicomweb://pacs/wado/1.2/3.4/7"


class TestCustom(LoaderTests):
    @pytest.fixture
    def loader(self, hospital):
        return CustomLoader(Settings({"archive": {"url": f"{hospital.url}/files/{{id}}"}}))

    @pytest.fixture
    def image_id(self):
        return "custom://archive/one image"

    @pytest.fixture
    def same_image_ids(self):
        return ["custom://ARCHIVE/one%20image?frame=2"]

    @pytest.fixture
    def invalid_image_ids(self):
        ids = ["", "a/b", "a%2Fb", "a..b", "a%00b", "a?b=c"]
        return ["custom://other/1", "custom:1", *(f"custom://archive/{each}" for each in ids)]

    @pytest.fixture
    def missing_image_id(self):
        return "custom://archive/31"


class TestFile(LoaderTests):
    uses_transport = False

    @pytest.fixture
    def loader(self, tmp_path):
        return FileLoader(Settings({"roots": [str(tmp_path)]}))

    @pytest.fixture
    def image_id(self, tmp_path):
        (tmp_path / "one image.dcm").write_bytes(phantom_file(1))
        return f"file://{tmp_path}/one%20image.dcm"

    @pytest.fixture
    def same_image_ids(self, tmp_path):
        return [
            f"dicomfile:{tmp_path}/one image.dcm?frame=2",
            f"file://localhost{tmp_path}/one%20image%2Edcm",
        ]

    @pytest.fixture
    def invalid_image_ids(self, tmp_path):
        paths = ["../a", "%2e%2e/a", "a%00", "a%5Cb", "a?b=c"]
        others = ["dicomfile:3", "file:a.dcm", "file://host/a", "file:///etc/passwd"]
        return [*others, *(f"file://{tmp_path}/{path}" for path in paths)]

    @pytest.fixture
    def missing_image_id(self, tmp_path):
        return f"file://{tmp_path}/other.dcm"


class TestNifti(LoaderTests):
    @pytest.fixture
    def loader(self):
        return NiftiLoader(Settings())

    @pytest.fixture
    def image_id(self, hospital):
        return f"nifti:{hospital.url}/v.nii.gz?frame=2&token=a/b%2Fc"

    @pytest.fixture
    def same_image_ids(self, hospital):
        url = f"nifti:{hospital.url}/v.nii.gz?token=a/b%2Fc"
        fragments = ["", "#2", "#x-1", "#y-5,t-1", "#decimation=2"]
        return [f"{url}&frame=0", *(url + fragment for fragment in fragments)]

    @pytest.fixture
    def invalid_image_ids(self):
        url = "nifti:https://h/v.nii"
        queries = ["?frame=-1", "?frame=a", "?frame=1&frame=2", "?frame=1#z-1", "?frame=1e3"]
        fragments = ["#a-1", "#z", "#t-1", "#1,t-1", "#z--1", "#z-1,t-1,t-2", "#٣"]
        places = ["nifti:v.nii", "nifti:", "nifti://h/v.nii", "nifti:https://u:p@h/v.nii"]
        return [*places, *(url + each for each in (*queries, *fragments))]

    @pytest.fixture
    def missing_image_id(self, hospital):
        return f"nifti:{hospital.url}/w.nii?frame=0"


class TestNiftiFile(LoaderTests):
    uses_transport = False

    @pytest.fixture
    def loader(self, tmp_path):
        return NiftiLoader(Settings({"roots": [str(tmp_path)]}))

    @pytest.fixture
    def image_id(self, tmp_path):
        (tmp_path / "a volume.nii").write_bytes(NIFTI)
        return f"nifti:{tmp_path}/a volume.nii?frame=2"

    @pytest.fixture
    def same_image_ids(self, tmp_path):
        return [
            f"nifti:file://{tmp_path}/a%20volume.nii#x-1",
            f"nifti:FILE:{tmp_path}/a volume.nii",
        ]

    @pytest.fixture
    def invalid_image_ids(self, tmp_path):
        paths = ["../a", "a?b=c", "a#b"]
        return ["nifti:/etc/passwd", *(f"nifti:{tmp_path}/{path}" for path in paths)]

    @pytest.fixture
    def missing_image_id(self, tmp_path):
        return f"nifti:{tmp_path}/other.nii?frame=0"


class TestListingOfNifti(ListerTests):
    @pytest.fixture
    def loader(self):
        return NiftiLoader(Settings())

    @pytest.fixture
    def root(self, hospital):
        return f"nifti:{hospital.url}/v.nii.gz?token=a/b%2Fc"

    @pytest.fixture
    def listed_image_ids(self, root):
        return [f"{root}&frame={number}" for number in range(6)]


class TestListingOfNiftiFile(ListerTests):
    @pytest.fixture
    def loader(self, tmp_path):
        return NiftiLoader(Settings({"roots": [str(tmp_path)]}))

    @pytest.fixture
    def root(self, tmp_path):
        (tmp_path / "v.nii").write_bytes(NIFTI)
        return f"nifti:{tmp_path}/v.nii"

    @pytest.fixture
    def listed_image_ids(self, tmp_path):
        return [f"nifti:file:{tmp_path}/v.nii?frame={number}" for number in range(6)]


class TestExample(LoaderTests):
    uses_transport = False

    @pytest.fixture
    def loader(self):
        return ExampleLoader(Settings())

    @pytest.fixture
    def image_id(self):
        return "example://1"

    @pytest.fixture
    def invalid_image_ids(self):
        return ["example:1", "example://", "example://one", "example://-1"]

    @pytest.fixture
    def missing_image_id(self):
        return "example://65"


class TestRamp(LoaderTests):
    uses_transport = False

    @pytest.fixture
    def loader(self):
        return RampLoader(Settings())

    @pytest.fixture
    def image_id(self):
        return "ramp://512,512,16,1,1,1,0"

    @pytest.fixture
    def same_image_ids(self):
        return ["ramp://", "ramp://512", "ramp://,,16,1.0"]

    @pytest.fixture
    def invalid_image_ids(self):
        fields = ["0", "5000", "a", "8,8,17", "8,8,8,0", "8,8,8,1,1,0", "8,8,8,1,1,nan", ",,,,,,,"]
        return ["ramp:8", *(f"ramp://{each}" for each in fields)]

    @pytest.fixture
    def missing_image_id(self):
        return None


class TestListingOfSeries(ListerTests):
    @pytest.fixture
    def loader(self):
        return WadoRsLoader(Settings())

    @pytest.fixture
    def root(self, hospital):
        return f"wadors:{hospital.url}{SERIES}"

    @pytest.fixture
    def listed_image_ids(self, hospital):
        return [f"wadors:{hospital.url}{INSTANCE}/frames/{number}" for number in (1, 2)]


class TestListingOfBareUrl(ListerTests):
    @pytest.fixture
    def loader(self):
        return HttpLoader(Settings())

    @pytest.fixture
    def root(self, hospital):
        return f"{hospital.url}{SERIES}"

    @pytest.fixture
    def listed_image_ids(self, hospital):
        return [f"{hospital.url}{INSTANCE}/frames/{number}" for number in (1, 2)]


class TestListingOfNamedServer(TestListingOfSeries):
    @pytest.fixture
    def loader(self, hospital):
        return WadoRsLoader(Settings(origins={"pacs": Origin("pacs", f"{hospital.url}/dicom-web")}))

    @pytest.fixture
    def root(self):
        return "wadors://pacs/1.2/3.4"

    @pytest.fixture
    def listed_image_ids(self):
        instance = "wadors://pacs/studies/1.2/series/3.4/instances/5.6"
        return [f"{instance}/frames/{number}" for number in (1, 2)]


class TestListingOfExample(ListerTests):
    @pytest.fixture
    def loader(self):
        return ExampleLoader(Settings())

    @pytest.fixture
    def root(self):
        return "example://"

    @pytest.fixture
    def listed_image_ids(self):
        return [f"example://{number}" for number in range(1, 65)]


class TestListingOfFolder(ListerTests):
    @pytest.fixture
    def loader(self, tmp_path):
        return FileLoader(Settings({"roots": [str(tmp_path)]}))

    @pytest.fixture
    def root(self, tmp_path):
        (tmp_path / "deep").mkdir()
        (tmp_path / "deep" / "1").write_bytes(phantom_file(1))
        (tmp_path / "a.png").write_bytes(PNG)
        (tmp_path / "notes.txt").write_text("no image")
        return f"file://{tmp_path}"

    @pytest.fixture
    def listed_image_ids(self, tmp_path):
        return [f"file://{tmp_path}/deep/1", f"file://{tmp_path}/a.png"]
