from io import BytesIO

import numpy
import pydicom
import pytest
from pydicom import dcmread

from imageid_loaders.errors import InvalidImageId
from imageid_loaders.part10 import phantom_file, ramp_file
from imageid_loaders.synthetic import parse_ramp


def read(file):
    return dcmread(BytesIO(file))


def test_a_ramp_rises_from_0_to_the_highest_value():
    ramp = read(ramp_file(parse_ramp("256,4,12")))

    assert ramp.pixel_array.shape == (4, 256)
    assert (ramp.pixel_array == numpy.arange(256) * 16).all()
    assert (ramp.BitsAllocated, ramp.BitsStored, ramp.HighBit) == (16, 12, 11)


def test_a_ramp_of_8_bits_has_bytes():
    ramp = read(ramp_file(parse_ramp("3,3,8")))

    assert ramp.pixel_array.dtype == numpy.uint8
    assert ramp.pixel_array[0].tolist() == [0, 85, 170]


def test_a_ramp_has_spacing_slope_and_intercept():
    ramp = read(ramp_file(parse_ramp("8,8,16,0.5,0.25,2.0,-1024")))

    assert ramp.PixelSpacing == [0.25, 0.5]
    assert (ramp.RescaleSlope, ramp.RescaleIntercept) == (2, -1024)


def test_a_decimal_string_is_as_exact_as_its_16_letters_allow():
    ramp = read(ramp_file(parse_ramp("8,8,16,0.1,0.001,0.3333333333333333,-1e-100")))

    assert ramp.PixelSpacing == [0.001, 0.1]
    assert ramp.RescaleSlope == 0.33333333333333
    assert ramp.RescaleIntercept == -1e-100


def test_a_synthetic_file_is_by_the_letter_of_the_standard():
    with pydicom.config.strict_reading():
        ramp = read(ramp_file(parse_ramp("3,3,8")))

    assert ramp.file_meta.MediaStorageSOPInstanceUID == ramp.SOPInstanceUID
    assert ramp.SOPInstanceUID.is_valid
    assert len(ramp.PixelData) == 10


def test_what_a_ramp_leaves_out_has_a_default():
    assert parse_ramp("") == parse_ramp("512,512,16,1,1,1,0") == parse_ramp(",,,,,1")


@pytest.mark.parametrize(
    ("text", "reason"),
    [("4097", "1 to 4096 pixels"), ("8,8,0", "1 to 16 bits"), ("8,8,8,-1", "mm apart"),
     ("8,8,8,1,1,inf", "finite"), ("x", "no number"), ("1,2,3,4,5,6,7,8", "seven fields")],
)  # fmt: skip
def test_a_ramp_out_of_bounds_is_refused_with_the_bounds(text, reason):
    with pytest.raises(InvalidImageId, match=reason):
        parse_ramp(text)


def test_a_phantom_slice_is_a_ct_in_hounsfield_units():
    dataset = read(phantom_file(20))

    hounsfield = dataset.pixel_array * dataset.RescaleSlope + dataset.RescaleIntercept
    assert hounsfield.shape == (256, 256)
    assert set(numpy.unique(hounsfield)) == {-1000, 5, 35, 300, 900}
    assert dataset.Modality == "CT"


def test_a_phantom_s_slices_are_one_series():
    slices = [read(phantom_file(number)) for number in (1, 2, 64)]

    assert len({each.SeriesInstanceUID for each in slices}) == 1
    assert len({each.SOPInstanceUID for each in slices}) == 3
    assert [each.ImagePositionPatient[2] for each in slices] == [0, 2, 126]


def test_a_synthetic_file_has_the_same_bytes_every_time():
    assert phantom_file(7) == phantom_file(7)
    assert ramp_file(parse_ramp("8")) == ramp_file(parse_ramp("8"))
