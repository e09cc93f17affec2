"""What a server finds when it starts."""

import os

from tests.faults.servers import Server
from tests.faults.sessions import Session
from tests.jobs.fakes import wait_until


def test_a_data_folder_that_cannot_be_written_is_said_at_the_start_and_on_the_first_page(tmp_path):
    (tmp_path / "data").write_text("a file stands in its place")
    with Server(tmp_path) as server:
        said = f"The data folder {server.data} cannot be written."
        assert said in server.log()
        with Session(server.url) as session:
            session.open("")
            (told,) = session.failures()
            assert "Change its owner or its permissions" in told
        assert "Traceback" not in server.log()


def test_what_killed_programs_left_is_cleared_away_at_the_start(tmp_path):
    names = "runs/.gone.part/x runs/.arriving/.run.part/x runs/a/best.1-2.part corpora/b.1-2.part"
    old = [tmp_path / "data" / name for name in names.split()] + [tmp_path / "cache/tutorial/tmpx"]
    young, other = tmp_path / "data/runs/a/last.1-2.part", tmp_path / "data/runs/a/notes"
    for path in (*old, young, other):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"half")
        for each in (path, path.parent) if path != young else ():
            os.utime(each, (0, 0))
    with Server(tmp_path):
        wait_until(lambda: not any(path.exists() for path in old))
    assert young.exists()
    assert other.exists()
