"""The history: what comes in and goes home, zones and days, and the time as of which is read."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import custloyal
from custloyal import History, IntakeMapping, Rfm, Trust
from custloyal.errors import CustloyalError, DataError
from custloyal.metrics import BtydStatistics
from custloyal.models import Interaction
from custloyal.testing import histories, instants
from engines import BACKENDS, arrow_table, every_backend, sparingly

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def row(**columns):
    return {"customer_id": "ann", "occurred_at": NOON, "kind": "purchase", **columns}


def times(backend, history):
    return [each["occurred_at"] for each in backend.rows(history.to_native())]


# In and out ----------------------------------------------------------------------------------


@given(drawn=histories())
def test_interactions_come_back_as_they_were(drawn):
    history = History.from_interactions(drawn)
    kept = {id(each) for each in drawn}
    seen = set()
    for each in sorted(drawn, key=lambda each: each.occurred_at):
        if each.interaction_id is not None and each.interaction_id in seen:
            kept.discard(id(each))
        seen.add(each.interaction_id)
    assert [*history.to_interactions()] == [each for each in drawn if id(each) in kept]


def test_measures_come_back():
    waited = Interaction("ann", NOON, "question", measures={"wait_s": 12.0})
    assert [*History.from_interactions([waited]).to_interactions()] == [waited]


@every_backend
def test_rows_of_every_library_become_interactions(backend):
    history = History.from_native(backend.frame([row(amount=9.5, wait_s=3.0)]))
    [interaction] = history.to_interactions()
    assert interaction.transaction.amount == 9.5
    assert interaction.measures == {"wait_s": 3.0}
    assert interaction.occurred_at == NOON


@every_backend
def test_what_intake_accepts_becomes_interactions(backend):
    rows = [
        row(note="call back"),
        row(amount=0.0),
        row(kind="survey", rating=11.0, rating_min=0.0, rating_max=10.0),
        row(kind="telepathy", phase="after hours", survey_kind="stars", initiated_by="us"),
    ]
    history = History.from_native(backend.frame(rows))
    assert history.intake.accepted == 4
    assert len([*history.to_interactions()]) == 4


@every_backend
def test_the_callers_frame_is_never_changed(backend):
    rows = [row(kind="return", amount=5.0), row(kind="word", interaction_id="1.0", extra=3)]
    frame = backend.frame(rows)
    before = backend.rows(frame)
    history = History.from_native(frame, timezone="Europe/Berlin")
    custloyal.read(history, [Trust(), Rfm()], as_of="2024-06-01")
    assert backend.rows(frame) == before
    assert backend.rows(frame)[0]["amount"] == 5.0


@every_backend
def test_every_table_comes_back_in_the_callers_library(backend):
    history = History.from_native(backend.frame([row(amount=1.0), row(outcome=2.0)]))
    tables = [
        history.to_native(),
        history.rejected,
        custloyal.read(history, Trust())["trust"].to_native(),
        custloyal.score(history, Trust()).to_native(),
    ]
    assert all(isinstance(table, backend.native) for table in tables)


@every_backend
def test_all_nulls_are_no_customers(backend):
    rows = [{"customer_id": None, "occurred_at": None, "kind": None, "amount": None}] * 3
    history = History.from_native(backend.frame(rows))
    assert (history.intake.given, history.intake.accepted) == (3, 0)
    assert backend.rows(custloyal.read(history, Trust(), as_of=NOON)["trust"].to_native()) == []


@every_backend
def test_customers_must_be_one_row_each(backend):
    frame = backend.frame([row()])
    one = backend.frame([{"customer_id": "ann", "tier": "gold"}], columns=("customer_id",))
    assert History.from_native(frame, customers=one).customers is not None
    twice = backend.frame([{"customer_id": "ann"}] * 2, columns=("customer_id",))
    with pytest.raises(DataError, match="1 rows too many"):
        History.from_native(frame, customers=twice)


# Zones ---------------------------------------------------------------------------------------


@every_backend
def test_times_without_a_zone_are_refused_unless_one_is_named(backend):
    frame = backend.frame([row(occurred_at=datetime(2024, 5, 1, 12))])
    with pytest.raises(DataError, match="has no time zone"):
        History.from_native(frame)
    history = History.from_native(frame, timezone="Europe/Berlin")
    assert times(backend, history) == [datetime(2024, 5, 1, 10, tzinfo=UTC)]


@every_backend
def test_texts_without_a_zone_are_refused_unless_one_is_named(backend):
    frame = backend.frame(
        [row(occurred_at="2024-05-01T12:00:00+02:00"), row(occurred_at="2024-05-01 12:00")]
    )
    with pytest.raises(DataError, match="row 2 has no time zone"):
        History.from_native(frame)
    history = History.from_native(frame, timezone="America/New_York")
    assert times(backend, history) == [NOON - timedelta(hours=2), NOON + timedelta(hours=4)]


TEXTS = {
    "2024-05-01": datetime(2024, 5, 1, tzinfo=UTC),
    "2024-05-01T12:00:00Z": NOON,
    "2024-05-01 12:00:00Z": NOON,
    "2024-05-01T12:00Z": NOON,
    " 2024-05-01T12:00:00Z ": NOON,
    "2024-05-01T12:00:00.000001Z": NOON + MICROSECOND,
    "2024-05-01T14:00:00+02:00": NOON,
    "2024-05-01T14:00:00+0200": NOON,
    "2024-05-01T08:30:00-03:30": NOON,
    "yesterday": None,
    "2024-02-30": None,
    "2024-05-01T25:00:00Z": None,
}


@every_backend
@pytest.mark.parametrize("text", TEXTS)
def test_texts_are_read_as_iso_8601(backend, text):
    history = History.from_native(backend.frame([row(occurred_at=text)]))
    expected = TEXTS[text]
    assert times(backend, history) == ([] if expected is None else [expected])
    assert history.intake.rejected_count == (expected is None)


@every_backend
def test_another_format_of_times(backend):
    frame = backend.frame([row(occurred_at="01.05.2024 12:00"), row(occurred_at="2024-05-01")])
    history = History.from_native(frame, timezone="UTC", time_format="%d.%m.%Y %H:%M")
    assert times(backend, history) == [NOON]
    assert history.intake.rejected_count == 1


@every_backend
@pytest.mark.parametrize(
    ("wall", "utc"),
    [
        # Berlin's clock skips 02:00 to 03:00 on 31 March and doubles it on 27 October.
        (datetime(2024, 3, 31, 1, 59, 59, 999999), datetime(2024, 3, 31, 0, 59, 59, 999999)),
        (datetime(2024, 3, 31, 2, 30), datetime(2024, 3, 31, 1, 30)),
        (datetime(2024, 3, 31, 3), datetime(2024, 3, 31, 1)),
        (datetime(2024, 10, 27, 1, 59), datetime(2024, 10, 26, 23, 59)),
        (datetime(2024, 10, 27, 2), datetime(2024, 10, 27, 0)),
        (datetime(2024, 10, 27, 2, 59, 59), datetime(2024, 10, 27, 0, 59, 59)),
        (datetime(2024, 10, 27, 3), datetime(2024, 10, 27, 2)),
    ],
)
def test_wall_times_where_the_clock_changes(backend, wall, utc):
    for at in (wall, wall.isoformat()):
        history = History.from_native(
            backend.frame([row(occurred_at=at)]), timezone="Europe/Berlin"
        )
        assert times(backend, history) == [utc.replace(tzinfo=UTC)]


def test_a_column_that_knows_its_zone_keeps_its_instants():
    berlin = pl.Series("occurred_at", [NOON]).dt.convert_time_zone("Asia/Kathmandu")
    frame = pl.DataFrame(arrow_table([row()])).with_columns(berlin)
    history = History.from_native(frame, timezone="America/New_York")
    assert times(BACKENDS[0], history) == [NOON]


def test_interactions_of_several_zones_are_in_utc():
    zones = [timezone(timedelta(hours=h)) for h in (-5, 0, 9)]
    drawn = [Interaction("ann", NOON.astimezone(zone), "visit") for zone in zones]
    assert times(BACKENDS[0], History.from_interactions(drawn)) == [NOON] * 3


@every_backend
@given(data=st.data())
@sparingly
def test_days_are_those_of_the_zone(backend, data):
    zone = data.draw(st.sampled_from(["Europe/London", "America/St_Johns", "Asia/Kathmandu"]))
    drawn = data.draw(st.lists(instants(timezone=zone), min_size=1, max_size=10))
    days = {at.astimezone(ZoneInfo(zone)).date() for at in drawn}
    history = History.from_native(
        backend.frame([row(occurred_at=at) for at in drawn]), timezone=zone
    )
    [read] = backend.rows(
        custloyal.read(history, BtydStatistics(), as_of=max(days))["btyd_statistics"].to_native()
    )
    assert (read["x"], read["t_x"], read["T"]) == (
        len(days) - 1,
        (max(days) - min(days)).days,
        (max(days) - min(days)).days,
    )


# As of ---------------------------------------------------------------------------------------


@every_backend
@pytest.mark.parametrize(
    ("as_of", "rows_seen"),
    [
        (NOON - MICROSECOND, 0),
        (NOON, 1),
        (NOON.isoformat(), 1),
        ("2024-05-01T12:00:00.000000Z", 1),
        ("2024-05-01T14:00:00+02:00", 1),
        ("2024-05-01T11:59:59.999999Z", 0),
        (date(2024, 5, 1), 2),
        ("2024-05-01", 2),
        (date(2024, 4, 30), 0),
        ("2024-05-02", 3),
        (None, 3),
    ],
)
def test_rows_after_as_of_are_unseen_and_never_rejected(backend, as_of, rows_seen):
    last = datetime(2024, 5, 1, 23, 59, 59, 999999, tzinfo=UTC)
    rows = [row(), row(occurred_at=last), row(occurred_at=last + MICROSECOND)]
    history = History.from_native(backend.frame(rows))
    assert history.intake.accepted == 3
    read = backend.rows(custloyal.read(history, Trust(), as_of=as_of)["trust"].to_native())
    assert sum(each["good_count"] for each in read) == rows_seen


@every_backend
def test_a_date_means_the_end_of_that_local_day(backend):
    # The last microsecond of 1 May in New York, and the first of 2 May.
    first = datetime(2024, 5, 2, 4, tzinfo=UTC)
    rows = [row(occurred_at=first - MICROSECOND), row(occurred_at=first)]
    history = History.from_native(backend.frame(rows), timezone="America/New_York")
    read = custloyal.read(history, Trust(), as_of="2024-05-01")["trust"].to_dicts()
    assert [each["good_count"] for each in read] == [1]


@pytest.mark.parametrize("as_of", ["soon", "2024-13-01", 5, ""])
def test_what_is_no_time_is_refused(as_of):
    history = History.from_native(BACKENDS[0].frame([row()]))
    with pytest.raises(CustloyalError, match="as_of"):
        custloyal.read(history, Trust(), as_of=as_of)


# Files ---------------------------------------------------------------------------------------


CSV = (
    "customer_id,occurred_at,kind,amount\n"
    "ann,2024-05-01,purchase,9.5\n"
    "bob,2024-05-02,purchase,nine\n"
)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["plain", "byte-order mark"])
def test_csv_files(tmp_path, separator, mark):
    path = tmp_path / "sales.csv"
    path.write_text(mark + CSV.replace(",", separator), encoding="utf-8")
    history = History.scan(path)
    assert (history.intake.given, history.intake.accepted) == (2, 1)
    assert dict(history.intake.rejected) == {"amount is not a number": 1}
    assert isinstance(history.to_native(), pl.LazyFrame)
    assert custloyal.read(history, Rfm())["rfm"].to_dicts()[0]["monetary_amount"] == 9.5


def test_ids_of_files_keep_their_zeros(tmp_path):
    path = tmp_path / "sales.csv"
    path.write_text("customer_id,occurred_at,kind\n007,2024-05-01,visit\n")
    [interaction] = History.scan(path).to_interactions()
    assert interaction.customer_id == "007"


def test_parquet_files_and_several_files(tmp_path):
    for n in (1, 2):
        frame = pl.DataFrame(arrow_table([row(interaction_id=str(n), amount=1.0)]))
        frame.write_parquet(tmp_path / f"sales-{n}.parquet")
    history = History.scan(tmp_path / "sales-*.parquet")
    assert history.intake.accepted == 2


def test_a_stored_history_needs_its_files_no_more(tmp_path):
    path = tmp_path / "sales.parquet"
    pl.DataFrame([row(), row(customer_id="bob", kind="complaint")]).write_parquet(path)
    scanned = History.scan(path)
    stored = scanned.stored()

    def trusts(history):
        scores = custloyal.score(history, Trust()).to_dicts()
        return {each["customer_id"]: each["trust"] for each in scores}

    before = trusts(scanned)
    path.unlink()
    assert trusts(stored) == before
    assert before["bob"] < 0.5 < before["ann"]
    assert isinstance(stored.to_native(), pl.LazyFrame)


def test_a_mapping_file(tmp_path):
    (tmp_path / "sales.csv").write_text("who;when\nann;01.05.2024\n")
    mapping = tmp_path / "mapping.toml"
    mapping.write_text(
        'timezone = "Europe/Berlin"\ntime_format = "%d.%m.%Y"\n'
        '[columns]\ncustomer_id = "who"\noccurred_at = "when"\n[constants]\nkind = "visit"\n'
    )
    history = History.scan(tmp_path / "sales.csv", mapping=mapping)
    assert [each.occurred_at for each in history.to_interactions()] == [
        datetime(2024, 4, 30, 22, tzinfo=UTC)
    ]
    assert IntakeMapping.from_toml(mapping).timezone == "Europe/Berlin"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"\xff\xfea\x00", "UTF-16"),
        (b"a,b\n\xff\xff\n", "UTF-8"),
        (b"PAR", "custo"),
    ],
)
def test_files_that_are_no_table(tmp_path, content, message):
    path = tmp_path / "sales.csv"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message):
        History.scan(path)


def test_a_file_with_nothing_but_a_header(tmp_path):
    path = tmp_path / "sales.csv"
    path.write_text(CSV.splitlines()[0] + "\n")
    history = History.scan(path)
    assert history.intake.given == 0
    assert custloyal.read(history, Trust(), as_of="2024-05-01")["trust"].to_dicts() == []


def test_files_that_are_not_there_are_all_named(tmp_path):
    with pytest.raises(DataError) as refused:
        History.scan([tmp_path / "one.csv", tmp_path / "two.csv"])
    assert len(refused.value.mistakes) == 2
