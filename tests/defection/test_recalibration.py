"""The recalibration: it learns what probabilities were worth, or leaves them and says why."""

from __future__ import annotations

import warnings
from datetime import timedelta

import narwhals as nw
import numpy as np
import polars as pl
import pytest

from custloyal.btyd import ParetoNbd
from custloyal.btyd.estimation import FitWarning
from custloyal.btyd.statistics import Statistics
from custloyal.defection.purchase_record import Halves, halves
from custloyal.defection.recalibration import Recalibration, no_purchase
from custloyal.metrics.purchases import DAY
from defection.drawn_purchases import START


def halves_of(stays):
    """500 customers of whom 250 bought twice; who stays follows from x and the place."""
    rows = pl.DataFrame(
        {"x": [0] * 250 + [1] * 250, "t_x": [0] * 250 + [50] * 250, "T": [100] * 500}
    )
    gone = [not stays(x, place) for place, x in enumerate(rows["x"])]
    return Halves(START, 100, nw.from_native(rows.with_columns(is_gone=pl.Series(gone))))


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize(
    "stays",
    [lambda x, _: x == 1, lambda x, _: x == 0],
    ids=["who bought twice stays", "who bought once stays"],
)
def test_halves_that_the_regression_cannot_learn_from_are_left_raw(stays):
    found = Recalibration.of(halves_of(stays))
    assert found.coefficients is None
    assert str(found).startswith("raw: ")


def test_the_regression_gives_back_the_shares_of_groups():
    # With two kinds of customers the fit is exact: 4 in 5 and 3 in 10 left.
    found = Recalibration.of(halves_of(lambda x, place: place % 10 < (7 if x else 2)))
    rows = Statistics(*np.array([[0.0, 1], [0, 50], [100, 100], [1, 1]]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FitWarning)
        model = ParetoNbd(time_unit="day").fit(halves_of(lambda *_: True).customers.to_native())
    assert found.applied(no_purchase(model, rows, 100), rows.x) == pytest.approx([0.8, 0.3])


def ledger(*days):
    """Purchase days of one customer each, as days after the start."""
    rows = [(name, START + timedelta(days=day)) for name, own in enumerate(days) for day in own]
    return nw.from_native(pl.DataFrame(rows, schema=["customer_id", DAY], orient="row"))


def test_the_halves_part_at_the_calendar_day_midway():
    # From day 0 to day 21 the day midway is day 10; who came after it is left out.
    found = halves(ledger([0, 10], [4, 8, 11], [12]), START + timedelta(days=21))
    assert (found.midway, found.days) == (START + timedelta(days=10), 11)
    assert found.customers.rows() == [(1, 10, 10, True), (1, 4, 6, False)]


def test_the_second_half_is_no_longer_than_the_horizon():
    long_ago = ledger([0, 10], [4, 8, 11], [12])
    for horizon, day, days in ((3, 18, 3), (11, 10, 11), (400, 10, 11)):
        found = halves(long_ago, START + timedelta(days=21), horizon=horizon)
        assert (found.midway, found.days) == (START + timedelta(days=day), days)


@pytest.mark.parametrize("days", [[], [[0]]])
def test_a_single_day_has_no_halves(days):
    assert halves(ledger(*days), START) is None
    assert "no day between" in str(Recalibration.of(None))


def test_levels_are_brought_back_to_the_probabilities_they_came_from():
    learnt = Recalibration(coefficients=(0.7, 0.5, -0.9, -0.2))
    x = np.array([0.0, 1, 5, 40])
    for chance in (0.01, 0.5, 0.99):
        said = learnt.applied(np.full(4, chance), x)
        back = [learnt.raw(level, x[[n]])[0] for n, level in enumerate(said.tolist())]
        assert back == pytest.approx([chance] * 4)
    assert learnt.raw(1 - 1e-9, x).tolist() == [np.inf] * 4
    assert learnt.raw(1e-9, x).tolist() == [0.0] * 4
