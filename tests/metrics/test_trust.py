"""Trust equals the reference on every backend."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

import reference
from comparing import assert_same, history_of, instant_of, read_rows
from custloyal import Trust
from custloyal.testing import as_ofs, rows
from engines import every_backend, sparingly

ZONE = "Europe/London"


def tolerance(accepted, as_of, **parameters):
    """That of the formulas: the balance is a difference, as near as its two parts are large."""
    customers = reference.by_customer(accepted).values()
    sums = [reference.trust_of(own, as_of, **parameters) for own in customers]
    return 1e-12 * (1 + max((own.size / min(own.c, 1) for own in sums), default=0))


@every_backend
@given(data=st.data())
@sparingly
def test_equals_the_reference(backend, data):
    drawn = data.draw(rows(min_size=5, max_size=30, timezone=ZONE))
    as_of = data.draw(as_ofs(drawn, timezone=ZONE))
    history, accepted = history_of(backend, drawn, timezone=ZONE)
    expected = reference.trust(accepted, instant_of(as_of, ZONE))
    actual = read_rows(backend, history, Trust(), as_of)
    assert_same(actual, expected, "customer_id", near=tolerance(accepted, instant_of(as_of, ZONE)))


PARAMETERS = st.fixed_dictionaries(
    {
        "ratio": st.sampled_from([0.5, 1.0, 12.0, 100.0]),
        "half_life_good": st.sampled_from([1.0, 365.0, 10_000.0]),
        "half_life_bad": st.sampled_from([1.0, 365.0, 730.0]),
        "prior_mean": st.sampled_from([0.01, 0.5, 0.99]),
        "prior_weight": st.sampled_from([0.1, 1.0, 12.0]),
    }
)


@every_backend
@given(data=st.data())
@sparingly
def test_equals_the_reference_with_other_parameters(backend, data):
    drawn = data.draw(rows(min_size=5, max_size=20))
    as_of = data.draw(as_ofs(drawn))
    parameters = data.draw(PARAMETERS)
    history, accepted = history_of(backend, drawn)
    expected = reference.trust(accepted, instant_of(as_of, "UTC"), **parameters)
    actual = read_rows(backend, history, Trust(**parameters), as_of)
    near = tolerance(accepted, instant_of(as_of, "UTC"), **parameters)
    assert_same(actual, expected, "customer_id", near=near)


@every_backend
def test_a_customer_without_evidence_has_the_prior(backend):
    row = {"customer_id": "ann", "occurred_at": "2024-05-01T12:00:00Z", "kind": "question"}
    history, _ = history_of(backend, [])
    assert read_rows(backend, history, Trust(), instant_of("2024-05-01", "UTC")) == []
    history, _ = history_of(backend, [{**row, "occurred_at": instant_of("2024-05-01", "UTC")}])
    [read] = read_rows(backend, history, Trust(), instant_of("2024-05-01", "UTC"))
    assert (read["trust"], read["trust_balance"]) == (0.5, 0.0)
    assert (read["good_count"], read["bad_count"]) == (0, 0)
