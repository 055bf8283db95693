"""Folders of states: nothing of the user's is touched, and what is read is what was written."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading

import pytest

import killed_writers
from custloyal import States
from custloyal.cli.outputs import drafts
from custloyal.errors import CustloyalError, DataError, InvalidValueError, MergeError
from custloyal.locks import held
from killed_writers import METRICS, amounts, states


@pytest.fixture
def folder(tmp_path):
    states(1).write(tmp_path / "states")
    return tmp_path / "states"


# What is not ours ------------------------------------------------------------------------------


def test_a_folder_of_other_files_is_refused_and_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("ten years of work")
    with pytest.raises(DataError, match="name another folder"):
        states(1).write(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_other_files_of_the_names_of_ours_are_refused(tmp_path):
    (tmp_path / "states.json").write_text('{"states": ["Ohio"]}')
    with pytest.raises(DataError, match="holds no states"):
        states(1).write(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["states.json"]


def test_a_file_is_refused_and_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("ten years of work")
    with pytest.raises(DataError, match="is a file"):
        states(1).write(tmp_path / "thesis.txt")
    assert (tmp_path / "thesis.txt").read_text() == "ten years of work"


@pytest.mark.parametrize("name", ["", ".", "..", "/"])
def test_a_path_without_a_name_is_refused(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InvalidValueError, match="name a folder"):
        states(1).write(name)
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize("name", ["a\0b", "x" * 300])
def test_a_name_that_cannot_be_is_our_error(tmp_path, name):
    with pytest.raises(DataError, match="cannot be written") as raised:
        states(1).write(tmp_path / name)
    assert raised.value.__cause__ is not None
    assert not [*tmp_path.iterdir()]


def test_a_link_stays_and_its_target_is_written(folder, tmp_path):
    (tmp_path / "link").symlink_to(folder)
    states(2).write(tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert amounts(folder) == {2.0}


def test_links_to_nothing_and_to_other_files_are_refused(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    with pytest.raises(DataError, match="not there"):
        states(1).write(tmp_path / "link")
    (tmp_path / "data").mkdir()
    (tmp_path / "data/a.csv").write_text("a")
    (tmp_path / "other").symlink_to(tmp_path / "data")
    with pytest.raises(DataError, match="no states"):
        states(1).write(tmp_path / "other")
    assert not (tmp_path / "nowhere").exists()


def test_a_file_of_the_users_among_the_states_stays(folder):
    (folder / "notes.txt").write_text("mine")
    for amount in (2, 3):
        states(amount).write(folder)
    assert (folder / "notes.txt").read_text() == "mine"


# Whole or not at all ---------------------------------------------------------------------------


def test_a_write_that_fails_leaves_what_was_there(folder, monkeypatch):
    before = sorted(folder.iterdir())

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DataError, match="No space left"):
        states(2).write(folder)
    with pytest.raises(DataError, match="No space left"):
        states(2).write(folder.parent / "new")
    assert sorted(folder.iterdir()) == before
    assert amounts(folder) == {1.0}
    assert [path.name for path in folder.parent.iterdir()] == ["states"]


def test_a_second_writer_is_told_and_a_lock_of_nobody_holds_nobody(folder):
    with (folder / ".custloyal-states.lock").open("ab") as lock:
        assert held(lock)
        with pytest.raises(DataError, match="being written"):
            states(2).write(folder, wait_s=0.05)
    states(2).write(folder, wait_s=0)
    assert amounts(folder) == {2.0}


def test_a_reader_beside_writers_reads_whole_states(folder):
    made = [states(amount) for amount in (1, 2)]

    def written(mine):
        for _ in range(20):
            mine.write(folder)

    writers = [threading.Thread(target=written, args=(each,)) for each in made]
    for each in writers:
        each.start()
    while any(each.is_alive() for each in writers):
        assert amounts(folder) in ({1.0}, {2.0})


def test_loaded_states_stay_as_they_are(folder):
    loaded = States.load(folder, METRICS)
    for amount in (2, 3, 4):
        states(amount).write(folder)
    assert {row["monetary_amount"] for row in loaded.read()["rfm"].to_dicts()} == {1.0}


def test_the_mode_of_states_is_kept(folder):
    (folder / "states.json").chmod(0o600)
    states(2).write(folder)
    modes = {path.stat().st_mode & 0o777 for path in folder.glob("states.json")}
    assert modes == {0o600}


def test_killed_writers_leave_the_old_or_the_new_and_nothing_else():
    # In a process of its own: a fork of this one could wait for ever for threads that it lacks.
    ran = subprocess.run(
        [sys.executable, killed_writers.__file__, "40"],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert int(ran.stdout.split()[0]) >= 30


# As it was written -----------------------------------------------------------------------------


def flipped(content):
    return content[:100] + bytes([content[100] ^ 1]) + content[101:]


def shortened(content):
    return content[:-20]


def emptied(_):
    return b""


@pytest.mark.parametrize("change", [flipped, shortened, emptied])
def test_a_table_that_has_changed_is_named(folder, change):
    table = next(iter(sorted(folder.glob("*.parquet"))))
    table.write_bytes(change(table.read_bytes()))
    with pytest.raises(DataError, match=table.name):
        States.load(folder, METRICS)


def test_a_table_that_is_gone_is_named(folder):
    table = next(iter(sorted(folder.glob("*.parquet"))))
    table.unlink()
    with pytest.raises(DataError, match=table.name):
        States.load(folder, METRICS)


@pytest.mark.parametrize(
    "text", ["[]", "null", "", "[" * 100_000, '{"format": 1}', '{"format": 9}']
)
def test_a_manifest_of_other_words_is_refused(folder, text):
    (folder / "states.json").write_text(text)
    with pytest.raises(DataError):
        States.load(folder, METRICS)
    with pytest.raises(DataError):
        states(2).write(folder)


def test_states_are_moved_and_copied_as_files(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "copy", ignore=shutil.ignore_patterns(".*"))
    states(2).write(tmp_path / "copy")
    assert (amounts(tmp_path / "copy"), amounts(folder)) == ({2.0}, {1.0})


# A batch is counted once -----------------------------------------------------------------------


def total(made):
    return {row["monetary_amount"] for row in made.read()["rfm"].to_dicts()}


def test_the_same_rows_merged_twice_are_counted_once(folder):
    both = states(1).merge(states(2))
    assert total(both) == {3.0}
    assert total(both.merge(states(2))) == total(states(2).merge(both)) == {3.0}
    assert total(States.load(folder, METRICS).merge(states(1))) == {1.0}


def test_batches_that_are_shared_in_part_are_refused():
    with pytest.raises(MergeError, match="twice"):
        states(1).merge(states(2)).merge(states(2).merge(states(3)))


# Outputs ---------------------------------------------------------------------------------------


def test_an_output_keeps_the_mode_of_the_file_that_it_replaces(tmp_path):
    output = tmp_path / "page.html"
    output.write_text("old")
    output.chmod(0o600)
    with drafts([output]) as drafted:
        drafted.write(output, "new")
    assert (output.read_text(), output.stat().st_mode & 0o777) == ("new", 0o600)


@pytest.mark.parametrize("link", [os.link, os.symlink])
def test_a_link_to_an_input_is_no_output(tmp_path, link):
    (tmp_path / "sales.csv").write_text("a")
    link(tmp_path / "sales.csv", tmp_path / "out")
    with (
        pytest.raises(DataError, match="is an input"),
        drafts([tmp_path / "out"], inputs=[tmp_path / "sales.csv"]),
    ):
        pass


def written(first, second):
    with drafts([first, second]) as drafted:
        drafted.write(first, "new")
        drafted.write(second, "new")
        second.mkdir()


def test_outputs_appear_together_or_not_at_all(tmp_path):
    first, second = tmp_path / "a.html", tmp_path / "b.json"
    first.write_text("old")
    with pytest.raises(CustloyalError, match=r"b\.json"):
        written(first, second)
    assert first.read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.html", "b.json"]
