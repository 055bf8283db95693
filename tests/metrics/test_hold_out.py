"""What a fit may see, and what came after it, equal the reference on every backend."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

import custloyal
import reference
from comparing import assert_same, history_of, instant_of, priced, read_rows
from custloyal import datasets
from custloyal.errors import InvalidValueError
from custloyal.metrics import BtydStatistics, HoldOut, PurchaseDays
from custloyal.models import Kind
from custloyal.testing import as_ofs, rows
from engines import every_backend, sparingly

ZONE = "America/St_Johns"
purchases = rows(
    min_size=5,
    max_size=30,
    customer_ids=["ann", "bob", "cem", "dee", None],
    kinds=[Kind.PURCHASE, Kind.RETURN],
    timezone=ZONE,
)


@every_backend
@pytest.mark.parametrize("unit", ["day", "week"])
@given(data=st.data())
@sparingly
def test_the_two_halves_equal_the_reference(backend, unit, data):
    drawn = data.draw(purchases)
    as_of = data.draw(as_ofs(drawn, timezone=ZONE))
    at = instant_of(as_of, ZONE)
    end = reference.local_day(at, ZONE)
    history, accepted = history_of(backend, drawn, timezone=ZONE)
    days = {reference.local_day(row["occurred_at"], ZONE) for row in accepted}
    past = sorted(day for day in days if day < end)
    learned_until = data.draw(st.sampled_from([*past, date.min]))
    metric = HoldOut(learned_until=learned_until, unit=unit)
    if learned_until == date.min:  # nobody had bought yet
        assert read_rows(backend, history, metric, as_of) == []
        return
    expected = reference.hold_out(accepted, at, ZONE, learned_until=learned_until, unit=unit)
    assert_same(read_rows(backend, history, metric, as_of), expected, "customer_id", near=1e-6)


@every_backend
@given(data=st.data())
@sparingly
def test_purchase_days_equal_the_reference(backend, data):
    drawn = priced(data.draw(purchases))
    as_of = data.draw(as_ofs(drawn, timezone=ZONE))
    history, accepted = history_of(backend, drawn, timezone=ZONE)
    expected = {
        (customer, day): {"purchase_count": len(own), "amount": reference.spent(own)}
        for customer, days in reference.purchase_days(
            accepted, instant_of(as_of, ZONE), ZONE
        ).items()
        for day, own in days.items()
    }
    actual = read_rows(backend, history, PurchaseDays(), as_of)
    assert_same(actual, expected, "customer_id", "day", near=1e-6)


def test_what_a_fit_sees_of_cdnow_is_what_it_would_have_seen_then():
    metric = HoldOut(learned_until="1997-09-30", unit="week")
    then = BtydStatistics(unit="week")
    [split, seen] = (
        custloyal.read(datasets.cdnow(), each, as_of=as_of)[each].to_native().sort("customer_id")
        for each, as_of in ((metric, "1998-06-30"), (then, "1997-09-30"))
    )
    assert_frame_equal(split.drop("actual_purchases", "horizon"), seen, rel_tol=1e-12)
    assert split["horizon"].unique().to_list() == [39]
    # Published with the data: 1,882 purchase days of 684 customers in the 39 weeks after.
    assert split["actual_purchases"].sum() == 1882
    assert (split["actual_purchases"] > 0).sum() == 684


def test_a_day_that_leaves_nothing_to_see_is_refused():
    for day in (date(1998, 6, 30), "1998-07-01"):
        with pytest.raises(InvalidValueError, match="the reading is as of 1998-06-30"):
            custloyal.read(datasets.cdnow(), HoldOut(learned_until=day))
    with pytest.raises(InvalidValueError, match=r"(?s)learned_until: is 'June'.*unit: is 'month'"):
        HoldOut(learned_until="June", unit="month")


@sparingly
@given(day=st.dates(date(1997, 3, 1), date(1998, 3, 1)))
def test_nothing_after_the_day_moves_what_a_fit_sees(day):
    readings = [
        custloyal.read(datasets.cdnow(), HoldOut(learned_until=day), as_of=as_of)["hold_out"]
        for as_of in (day + timedelta(days=1), "1998-06-30")
    ]
    first, second = (
        reading.to_native().drop("actual_purchases", "horizon").sort("customer_id")
        for reading in readings
    )
    assert_frame_equal(first, second, rel_tol=1e-12)
