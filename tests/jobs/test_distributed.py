"""How processes that torchrun started together find one another."""

from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

from torch.distributed import HashStore  # type: ignore[attr-defined]

from namerec.jobs.distributed import roll_call
from tests.jobs.fakes import LIMIT, wait_until


def _differs(store: HashStore, roll: bytes) -> bool:
    return bool(store.get("namerec/roll") != roll)


def test_processes_that_are_started_again_meet_one_another_and_none_that_is_dead():
    store, world = HashStore(), 3
    agreed: list[set[str]] = []
    with ThreadPoolExecutor(world) as starts:
        for order in ([0, 1, 2], [0, 1, 2], [2, 1, 0]):
            calls: list[Future[str]] = []
            for rank in order:  # the others' entries are those of the dead, if there are any
                before = store.get("namerec/roll") if store.check(["namerec/roll"]) else b""
                calls.append(starts.submit(roll_call, store, rank, world))
                if before and rank == order[0] == 0:
                    wait_until(partial(_differs, store, before))
                    assert not calls[0].done()
            agreed.append({call.result(LIMIT) for call in calls})
    assert [len(names) for names in agreed] == [1, 1, 1]
    assert len(set.union(*agreed)) == 3
