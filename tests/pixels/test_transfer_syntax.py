"""One table decides what decodes a transfer syntax, and what nobody here decodes."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydicom.uid import UID_dictionary

from imageid_daemon.pixels.transfer_syntax import SYNTAXES, TransferSyntax, codec_of
from imageid_loaders.errors import Unsupported
from pixels.conftest import Count
from pixels.material import decoded, encoded, part10

NOT_DECODED = [row for row in SYNTAXES if row.codec is None]


def test_every_transfer_syntax_that_pydicom_knows_has_a_row() -> None:
    known = {uid for uid, entry in UID_dictionary.items() if entry[1] == "Transfer Syntax"}

    # Only encapsulates XML and MIME documents, or is used on the network alone.
    no_images = {"1.2.840.10008.1.2.6.1", "1.2.840.10008.1.2.6.2"}
    assert known - no_images <= {row.uid for row in SYNTAXES}


def test_every_row_is_unique() -> None:
    assert len({row.uid for row in SYNTAXES}) == len({row.name for row in SYNTAXES})
    assert len({row.uid for row in SYNTAXES}) == len(SYNTAXES)


@pytest.mark.parametrize("row", NOT_DECODED, ids=lambda row: row.uid)
def test_what_is_not_decoded_is_refused_by_uid_and_name(
    row: TransferSyntax, tmp_path: Path, count: Count
) -> None:
    path = part10(tmp_path / "a.dcm", [b"\0" * 64], row.uid, Rows=1, Columns=1, BitsAllocated=8)

    with pytest.raises(Unsupported) as refusal:
        decoded(encoded(path), tmp_path)

    assert f"{row.uid} ({row.name})" in str(refusal.value)
    assert refusal.value.metadata == {"transfer_syntax_uid": row.uid}
    count(path, f"of {row.name}", "refused with reason")


def test_an_unknown_syntax_is_refused_by_uid() -> None:
    with pytest.raises(Unsupported, match=r"transfer syntax 1\.2\.3 is"):
        codec_of("1.2.3")
