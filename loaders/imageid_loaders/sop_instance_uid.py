"""Which instance a Part 10 file is, by its first bytes.

By its data set, as servers index it: the file meta information of a carelessly edited file
may name another instance.
"""

from __future__ import annotations

from imageid_loaders.element_positions import TooShort, Unreadable, data_set_of, elements, text

HEAD_BYTES = 2048
"""Enough for the file meta information and the few elements before SOPInstanceUID."""

_SOP_INSTANCE_UID = 0x0008_0018


def sop_instance_uid(head: bytes) -> str | None:
    """SOPInstanceUID (0008,0018) of the file that begins with `head`.

    Returns:
        None where `head` does not tell: too short, deflated, or no Part 10 file.
    """
    try:
        data_set = data_set_of(head)
        for element in elements(head, data_set.begin, data_set.encoding):
            if element.tag >= _SOP_INSTANCE_UID:
                return text(head, element) if element.tag == _SOP_INSTANCE_UID else None
    except (TooShort, Unreadable):
        pass
    return None
