"""The limits, and the estimate of memory against the layers' real buffers."""

from __future__ import annotations

import dataclasses
import json
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from namerec.core.corpus.dataset import Dataset, LabelledName
from namerec.core.networks.config import ModelConfig
from namerec.core.networks.kinds import MODEL_KINDS, kinds_with
from namerec.core.networks.models import build
from namerec.core.training.config import RunConfig, TrainConfig
from namerec.data.own import OwnCorpora
from namerec.data.upload import Upload
from namerec.errors import ConfigError, DataError, JobError, NamerecError
from namerec.jobs import limits, memory
from namerec.jobs.limits import (
    check_memory,
    check_start,
    check_upload,
    corpus_bytes,
    out_of_time,
    still_to_store,
)
from namerec.jobs.memory import Need, available, largest_part, need, stored
from namerec.jobs.owner import LAB, Owner
from namerec.jobs.snapshot import JobSnapshot
from namerec.runs.store import RunStore
from namerec.settings import Settings
from tests.conftest import tiny_config, tiny_lines
from tests.runs.references import Solo

MB = 1_000_000
ADA, BOB = Owner("ada", "192.0.2.1"), Owner("bob", "192.0.2.1")


def job(run_id: str, place: int = 0) -> JobSnapshot:
    state = "queued" if place else "running"
    return JobSnapshot(run_id, tiny_config(), state, place)  # type: ignore[arg-type]


def asked(dataset: Dataset, home: Path, config: RunConfig | None = None, **changes: object) -> None:
    """Asks for a run of ada's, beside three jobs of which two are hers."""
    values: dict[str, object] = {
        "owner": ADA,
        "owners": {"a": ADA, "b": ADA, "c": BOB},
        "jobs": [job("a"), job("b", 1), job("c", 2)],
        "home": home,
        "settings": Settings(),
    }
    check_start([config or tiny_config()], dataset, **(values | changes))  # type: ignore[arg-type]


def network(hidden_size: int = 128, **model: object) -> RunConfig:
    values = {"kind": "custom_lstm", "hidden_size": hidden_size} | model
    return RunConfig(model=ModelConfig(**values))  # type: ignore[arg-type]


def many_names(count: int = 10_000, length: int = 8) -> Dataset:
    """A dataset as the estimate sees it: only lengths and categories are looked at."""
    return dataclasses.replace(
        Dataset.build("large", tiny_lines()),
        names=("x",) * count,
        lengths=np.full(count, length, dtype=np.uint8),
    )


def test_what_suits_one_person_is_not_refused(tiny_dataset, tmp_path):
    asked(tiny_dataset, tmp_path)


def test_one_person_has_so_many_jobs_and_no_more(tiny_dataset, tmp_path):
    asked(tiny_dataset, tmp_path, settings=Settings(most_jobs_per_user=3))
    with pytest.raises(
        JobError, match=r"You have 2 runs .*; at most 2 are allowed .*MOST_JOBS_PER_USER"
    ):
        asked(tiny_dataset, tmp_path, settings=Settings(most_jobs_per_user=2))
    asked(tiny_dataset, tmp_path, owner=BOB, settings=Settings(most_jobs_per_user=2))
    asked(tiny_dataset, tmp_path, owner=LAB, settings=Settings(most_jobs_per_user=1))


@pytest.mark.parametrize(
    ("limit", "whose"), [("most_queued", "all users"), ("most_queued_per_address", "your address")]
)
def test_the_last_places_of_the_queue_are_for_people_of_whom_no_run_waits(
    tiny_dataset, tmp_path, limit, whose
):
    asked(tiny_dataset, tmp_path, settings=Settings.model_validate({limit: 4}))
    three = Settings.model_validate({limit: 3})
    said = rf"2 runs of {whose} are waiting; at most 3 .*{limit.upper()}.*the last 1 for people"
    with pytest.raises(JobError, match=said):
        asked(tiny_dataset, tmp_path, settings=three)
    eve = Owner("eve", "192.0.2.2" if limit == "most_queued" else ADA.address)
    asked(tiny_dataset, tmp_path, settings=three, owner=eve)
    with pytest.raises(JobError, match=f"2 runs of {whose} .*at most 2 "):
        asked(tiny_dataset, tmp_path, settings=Settings.model_validate({limit: 2}), owner=eve)


def test_people_known_by_name_do_not_count_for_the_address_that_they_share(tiny_dataset, tmp_path):
    known = {run: Owner(f"proxy:{run}") for run in "abc"}
    one = Settings(most_queued_per_address=1)
    asked(tiny_dataset, tmp_path, settings=one, owners=known, owner=Owner("proxy:d"))


def test_a_network_has_so_many_parameters_and_no_more(tiny_dataset, tmp_path):
    parameters = tiny_config().model.parameter_count(3)
    asked(tiny_dataset, tmp_path, settings=Settings(most_parameters=parameters))
    with pytest.raises(ConfigError, match=rf"has {parameters:,} .*MOST_PARAMETERS.* Lower hidden_"):
        asked(tiny_dataset, tmp_path, settings=Settings(most_parameters=parameters - 1))


def test_a_data_folder_that_is_full_takes_no_run(tiny_dataset, tmp_path):
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "weights").write_bytes(bytes(3 * MB))
    (tmp_path / "loop").symlink_to(tmp_path)
    asked(tiny_dataset, tmp_path, settings=Settings(most_disk=5))
    with pytest.raises(JobError, match=r"holds 3 MB .* add about 1 MB; 4 MB .*MOST_DISK.*Delete"):
        asked(tiny_dataset, tmp_path, settings=Settings(most_disk=4))


def test_a_session_keeps_so_many_corpora_and_no_more(tmp_path):
    check_upload(1, tmp_path, Settings(most_uploads=2))
    with pytest.raises(
        DataError, match=r"2 corpora of yours .*; at most 2 are allowed .*MOST_UPLOADS"
    ):
        check_upload(2, tmp_path, Settings(most_uploads=2))
    with pytest.raises(JobError, match="MOST_DISK"):
        check_upload(0, tmp_path, Settings(most_disk=1), more=2 * MB)


def test_what_waiting_runs_will_store_counts_as_stored(tiny_dataset, tmp_path):
    asked(tiny_dataset, tmp_path, settings=Settings(most_disk=4), promised=2 * MB)
    with pytest.raises(JobError, match=r"holds 0 MB, runs in .* add about 3 MB, and this would"):
        asked(tiny_dataset, tmp_path, settings=Settings(most_disk=4), promised=3 * MB)


def test_a_run_has_still_to_store_what_is_not_there_yet(tmp_path):
    assert still_to_store(3000, tmp_path) == 3000
    (tmp_path / "weights").write_bytes(bytes(1000))
    assert still_to_store(3000, tmp_path) == 2000
    assert still_to_store(10, tmp_path) == 0


@pytest.mark.parametrize("parts", [False, True])
def test_a_corpus_takes_what_is_kept_of_it_and_not_what_was_uploaded(tmp_path, parts):
    lines = [LabelledName("Näme, O'" + "x" * (i % 9), "Ä" * 90 + str(i % 2)) for i in range(5000)]
    dataset = Dataset.build("many", lines)
    if parts:
        dataset = dataclasses.replace(dataset, given_parts=np.ones(5000, dtype=np.int8))
    OwnCorpora(tmp_path).keep(Upload(dataset, ()))
    measured = limits.folder_bytes(tmp_path)
    assert measured <= corpus_bytes(dataset) <= 1.2 * measured + 64_000


def test_a_confusion_matrix_an_epoch_and_the_answers_are_counted():
    few, many = (RunConfig(training=TrainConfig(epochs=epochs)) for epochs in (500, 1000))
    matrix = len(json.dumps([[0] * 200] * 200))
    assert 500 * matrix <= stored(many, 1000, 200) - stored(few, 1000, 200) <= 750 * matrix
    answers = stored(few, 10**6, 200) - stored(few, 1000, 200)
    assert answers == pytest.approx((10**6 - 1000) * (200 * 4 + 16), rel=0.01)


def test_a_run_may_take_so_many_minutes():
    assert out_of_time(1e9, Settings()) == ""
    assert out_of_time(89.9, Settings(most_minutes=1.5)) == ""
    assert "Stopped after 1.5 minutes" in out_of_time(90.0, Settings(most_minutes=1.5))


# -- memory


def test_a_training_that_does_not_fit_is_refused_with_what_to_lower(tiny_dataset):
    small = tiny_config()
    check_memory(small, tiny_dataset, Settings(), free=400 * MB)
    with pytest.raises(ConfigError, match=r"need about \d+ MB .*; 0 MB are free for .* now"):
        check_memory(small, tiny_dataset, Settings(), free=100 * MB)
    with pytest.raises(ConfigError, match=r"1,000 MB are allowed here .*MOST_MEMORY"):
        check_memory(
            network(1024, num_layers=4, direction="both"),
            tiny_dataset,
            Settings(most_memory=1000),
            free=90_000 * MB,
        )


def test_the_smaller_of_two_limits_is_the_one_told(tiny_dataset):
    with pytest.raises(ConfigError, match="44 MB are free"):
        check_memory(network(1024), tiny_dataset, Settings(most_memory=50), free=300 * MB)
    with pytest.raises(ConfigError, match="50 MB are allowed here"):
        check_memory(network(1024), tiny_dataset, Settings(most_memory=50), free=900 * MB)


@pytest.mark.parametrize(
    ("model", "training", "most"),
    [
        ({"hidden_size": 1024}, {"batch_size": 16}, "hidden_size"),
        ({"hidden_size": 64, "num_layers": 3}, {"batch_size": 8192}, "num_layers"),
        ({"hidden_size": 1}, {"batch_size": 8192, "steps": 48_000}, "batch_size"),
        ({"hidden_size": 1, "char_ngrams": 5}, {"batch_size": 1}, "char_ngrams"),
    ],
)
def test_the_setting_that_takes_most_is_named(model, training, most):
    values = {"kind": "custom_lstm"} | model
    config = RunConfig(model=ModelConfig(**values), training=TrainConfig(**training))
    assert largest_part(config, many_names()) == (most, (model | training)[most])


def test_a_refusal_is_quick_however_large_the_corpus_is():
    dataset = many_names(1_000_000)
    began = time.process_time()
    with pytest.raises(ConfigError):
        check_memory(network(1024, num_layers=4), dataset, Settings(most_memory=100))
    assert time.process_time() - began < 5


@pytest.mark.parametrize("kind", kinds_with("direction"))
def test_the_estimate_counts_what_hand_written_layers_keep(kind, tiny_dataset):
    """Against PyTorch's own account of the tensors saved in a forward pass of all names."""
    config = network(64, kind=kind, num_layers=2, direction="both")
    model = build(config.model, 3)
    weights = {parameter.data_ptr() for parameter in model.parameters()}
    saved: dict[int, int] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        if tensor.data_ptr() not in weights:
            saved[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    names, _ = tiny_dataset.batch(np.arange(len(tiny_dataset)))
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        model(names)
    estimate = need(config, tiny_dataset).batch
    assert 0.3 * estimate < sum(saved.values()) < estimate


def test_the_estimate_counts_the_copies_of_the_weights(tiny_dataset):
    """SGD: weights, gradients, best, checkpoint, file. AdamW: two moments in three places more."""
    adam = network(512)
    sgd = adam.model_copy(update={"training": TrainConfig(optimizer="sgd")})
    weights = 4 * adam.model.parameter_count(3)
    assert need(sgd, tiny_dataset).network == 5 * weights
    assert need(adam, tiny_dataset).network == 11 * weights


@pytest.mark.parametrize("kind", MODEL_KINDS)
@given(
    hidden=st.integers(1, 512),
    layers=st.integers(1, 3),
    batch=st.integers(1, 4096),
    ngrams=st.sampled_from([0, 2, 4]),
)
def test_more_of_anything_never_needs_less(kind, hidden, layers, batch, ngrams):
    def total(hidden: int, layers: int, batch: int, ngrams: int) -> int:
        model = ModelConfig(kind=kind, hidden_size=hidden, num_layers=layers, char_ngrams=ngrams)
        return need(RunConfig(model=model, training=TrainConfig(batch_size=batch)), names).total

    names = many_names()
    least = total(hidden, layers, batch, ngrams)
    assert least <= total(2 * hidden, layers, batch, ngrams)
    assert least <= total(hidden, layers + 1, batch, ngrams)
    assert least <= total(hidden, layers, 2 * batch, ngrams)
    assert least <= total(hidden, layers, batch, ngrams + 1 if ngrams else 2)


def test_a_batch_takes_the_longest_names_and_names_again_where_it_is_larger():
    lengths = np.array([3, 1, 2, 2])
    histogram = np.bincount(lengths)
    for names in range(1, 12):
        drawn = np.sort(np.tile(lengths, 3))[::-1]
        whole, rest = divmod(names, 4)
        expected = whole * lengths.sum() + np.sort(lengths)[::-1][:rest].sum()
        assert memory.longest_letters(histogram, names) == expected
        assert expected <= drawn[:names].sum()


def test_a_drawn_order_is_counted(tiny_dataset):
    """A run counted in steps draws a twentieth of them at once: 8 bytes a name, five times."""
    few = TrainConfig(steps=20, batch_size=1000)
    many = TrainConfig(steps=200_000, batch_size=1000)
    more = [need(RunConfig(training=t), tiny_dataset).names for t in (few, many)]
    assert more[1] - more[0] == (200_000 - 20) // 20 * 1000 * 8 * 5


def test_all_parts_are_in_the_total():
    assert Need(1, 20, 300).total == 24 * MB + 321


def test_the_folder_of_a_run_takes_about_what_was_said(tiny_dataset, tmp_path):
    config = RunConfig(
        model=ModelConfig(hidden_size=256), training=TrainConfig(epochs=2, batch_size=64)
    )
    store = RunStore(tmp_path, None)
    Solo(config, tiny_dataset).store(store)
    measured = limits.folder_bytes(tmp_path)
    assert measured <= stored(config, len(tiny_dataset), 3) <= 1.5 * measured + MB


# -- what is free


def test_this_machine_says_what_is_free():
    assert 0 < available() < 2**50


@pytest.fixture
def cgroup(tmp_path):
    """Writes cgroup files as the system has them; what is left under them."""

    def left(own: str, files: dict[str, str]) -> list[int]:
        (tmp_path / "own").write_text(own)
        for name, content in files.items():
            path = tmp_path / "fs" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        return list(memory.free_in_cgroups(tmp_path / "fs", tmp_path / "own"))

    return left


def test_a_cgroup_of_version_2_limits_and_its_file_cache_does_not_count(cgroup):
    files = {
        "a/memory.max": "1000\n",
        "a/memory.current": "700\n",
        "a/memory.stat": "anon 5\ninactive_file 200\n",
        "memory.max": "max\n",
    }
    assert cgroup("0::/a\n", files) == [500]


def test_a_cgroup_of_version_1_limits(cgroup):
    files = {
        "memory/memory.limit_in_bytes": "1000\n",
        "memory/memory.usage_in_bytes": "400\n",
        "memory/memory.stat": "total_inactive_file 50\n",
    }
    assert cgroup("5:cpu,cpuacct:/x\n4:memory:/docker/x\n", files) == [650]


def test_cgroups_without_sense_limit_nothing(cgroup, tmp_path):
    assert cgroup("nonsense\n::\n0::/../..\n\n", {"memory.max": "?"}) == []
    assert list(memory.free_in_cgroups(tmp_path, tmp_path / "none")) == []


def test_the_messages_are_ours_and_end_as_sentences(tiny_dataset, tmp_path):
    for limit in ({"most_queued": 1}, {"most_parameters": 1}, {"most_memory": 1}, {"most_disk": 1}):
        with pytest.raises(NamerecError) as refusal:
            asked(tiny_dataset, tmp_path, network(), settings=Settings.model_validate(limit))
        assert str(refusal.value).endswith(".")
        assert f"NAMEREC_{next(iter(limit)).upper()}" in str(refusal.value)
