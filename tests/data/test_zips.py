import io
import zipfile

import pytest

from namerec.data import zips
from namerec.data.zips import count_entries, is_encrypted, is_link
from tests.data.zips import FLAGS, NAMES, claiming, link, many_entries, zipped


@pytest.mark.parametrize("chunk", [1, 2, 3, 5, 64, 2**20])
def test_entries_are_counted_wherever_what_is_read_at_a_time_ends(chunk, monkeypatch):
    monkeypatch.setattr(zips, "CHUNK", chunk)
    assert count_entries(io.BytesIO(many_entries(57))) == 57
    assert count_entries(io.BytesIO(zipped(NAMES))) == 2
    assert count_entries(io.BytesIO(b"PK\x01")) == count_entries(io.BytesIO(b"")) == 0


def test_links_folders_and_passwords_are_told_apart():
    def first(raw: bytes) -> zipfile.ZipInfo:
        return zipfile.ZipFile(io.BytesIO(raw)).infolist()[0]

    plain, folder = first(zipped(NAMES)), first(zipped([("folder/", b"")]))
    linked = first(zipped([(link("a.txt"), b"/etc/passwd")]))
    assert [is_link(info) for info in (plain, folder, linked)] == [False, False, True]
    locked = first(claiming(zipped(NAMES), 0, FLAGS, 0x0040, "H"))
    assert [is_encrypted(info) for info in (plain, locked)] == [False, True]
