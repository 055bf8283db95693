"""What the page of a simulated company says in words, held against what is true of that company.

The company is simulated for 90 days more than the report sees, so that what the page foretells can
be looked up in the rows that came after.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from html.parser import HTMLParser

import attrs
import polars as pl
import pytest

from custloyal import BusinessCalendar, History, report
from custloyal.datasets import simulate
from custloyal.rules import rulebooks

CUSTOMERS, DAYS, HORIZON = 4_000, 730, 90
TODAY = date(2023, 12, 31)
END = datetime(2023, 12, 31, 23, tzinfo=UTC)
"""The end of that day in Berlin."""
NUMBER = r"([\d,]+)"


class Text(HTMLParser):
    """The text of a page, each paragraph, cell and term on a line of its own."""

    def __init__(self, html):
        super().__init__()
        self.parts, self.hidden = [], 0
        self.feed(html)
        lines = "".join(self.parts).split("\n")
        self.said = "\n".join(" ".join(line.split()) for line in lines if line.strip())

    def handle_starttag(self, tag, attrs):
        self.hidden += tag in ("style", "script")
        if tag not in ("bdi", "a", "abbr", "strong", "em", "span", "b", "br", "code"):
            self.parts.append("\n")
        if dict(attrs).get("id"):
            self.parts.append(f"\n#{dict(attrs)['id']}\n")

    def handle_endtag(self, tag):
        self.hidden -= tag in ("style", "script")

    def handle_data(self, data):
        if not self.hidden:
            self.parts.append(data)


@attrs.frozen
class Told:
    """A company, and the words of the page about it."""

    company: object
    said: str

    def numbers(self, sentence):
        """The whole numbers at the places of # in a sentence of the page."""
        found = re.search(re.escape(sentence).replace(r"\#", NUMBER), self.said)
        assert found, sentence
        return [int(each.replace(",", "")) for each in found.groups()]

    def named_in(self, section):
        """The customers that a section of the page names, in its order."""
        part = self.said.split(f"#{section}\n", 1)[1]
        part = re.split(r"\n#(?:trust|value)\n", part)[0]
        return list(dict.fromkeys(re.findall(r"customer-\d{6}", part)))

    @property
    def buyers(self):
        """One row for each who bought until today: what, when, whether gone, whether back."""
        rows = self.company.interactions
        bought = rows.filter(kind="purchase")
        until = bought.filter(pl.col("occurred_at") < END).group_by("customer_id")
        later = bought.filter(pl.col("occurred_at") >= END).select("customer_id").unique()
        left, back = pl.col("first_left_at") < END, pl.col("won_back_at") < END
        truth = self.company.truth.customers.with_columns(
            is_gone=((left & ~back.fill_null(value=False)) | (pl.col("left_at") < END)).fill_null(
                value=False
            )
        )
        return (
            until.agg(revenue=pl.col("amount").sum(), last_bought_at=pl.col("occurred_at").max())
            .join(truth, on="customer_id")
            .join(later.with_columns(bought_later=True), on="customer_id", how="left")
            .with_columns(pl.col("bought_later").fill_null(value=False))
        )


def told_of(seed):
    """The company of a seed, and its page as of 90 days before its last row."""
    company = simulate(customers=CUSTOMERS, seed=seed, days=DAYS + HORIZON)
    hours = BusinessCalendar({"mon-sat": "08:00-20:00"}, timezone="Europe/Berlin")
    book = rulebooks.good_service(hours, country="DE")
    made = report(company.history, as_of=TODAY, rules=book, horizon=f"{HORIZON}d")
    return Told(company, Text(made.to_html()).said)


@pytest.fixture(scope="module")
def all_told():
    return [told_of(seed) for seed in range(3)]


@pytest.fixture(params=range(3))
def told(request, all_told):
    return all_told[request.param]


# Who leaves ----------------------------------------------------------------------------------


def test_the_numbers_of_who_leaves_add_up(told):
    buyers, gone = told.numbers("Of # customers who ever bought, # (")
    silent, voiced = told.numbers("are likely gone: # without a word and # after a complaint")
    assert buyers == told.buyers.height
    assert gone == silent + voiced


def test_about_as_many_as_expected_buy_nothing_in_the_time_that_follows(told):
    expected, buyers = told.numbers("All probabilities together expect # of # customers to buy")
    came_true = (~told.buyers["bought_later"]).sum()
    assert abs(expected - came_true) < 0.05 * buyers


def test_those_who_are_said_to_be_newly_gone_have_left_beyond_chance(all_told):
    """Beside customers who brought as much and bought as lately, of whom a fifth have left."""
    gone = expected = variance = 0.0
    for told in all_told:
        buyers, is_named = told.buyers, pl.col("customer_id").is_in(told.named_in("leaving"))
        named = buyers.filter(is_named)
        assert named.height == 10
        alike = buyers.filter(
            pl.col("revenue") >= named["revenue"].min(),
            pl.col("last_bought_at") >= named["last_bought_at"].min(),
        )
        assert alike.height > 100
        rate = alike["is_gone"].mean()
        gone += named["is_gone"].sum()
        expected, variance = expected + 10 * rate, variance + 10 * rate * (1 - rate)
    assert gone > expected + 3 * variance**0.5


# Who carries the revenue ---------------------------------------------------------------------


def test_who_carries_the_revenue_is_counted_by_hand(told):
    count, buyers = told.numbers("The # largest customers of # who bought bring")
    revenue = told.buyers["revenue"].sort(descending=True)
    assert buyers == len(revenue)
    assert count == -(-buyers // 5)
    share = revenue.head(count).sum() / revenue.sum()
    assert (
        f"who bought bring {100 * share:.1f}% of the revenue of {revenue.sum():,.0f}" in told.said
    )


# Which cohort is worst -----------------------------------------------------------------------


def test_the_weakest_cohort_is_the_month_of_the_campaign(told):
    month = told.company.truth.campaign_month
    (sentence,) = {line for line in told.said.split("\n") if line.startswith("The weakest cohort")}
    assert sentence.startswith(f"The weakest cohort is {month:%B %Y}:")
    assert "chance" not in sentence


# Whom to call --------------------------------------------------------------------------------


def test_who_is_to_be_called_is_large_and_was_treated_badly(told):
    buyers, named = told.buyers, told.named_in("first")
    assert len(named) == 10
    called = buyers.filter(pl.col("customer_id").is_in(named))
    assert (called["revenue"] > buyers["revenue"].quantile(0.95)).all()
    assert called["trust"].mean() < buyers["trust"].mean() - 0.03
    assert called["bad_experience_count"].mean() > buyers["bad_experience_count"].mean()
    assert f"Customer {named[0]} first:" in told.said


# Which department drops the ball -------------------------------------------------------------


def test_the_department_that_drops_the_ball_is_named(told):
    assert f"The furthest behind is “{told.company.truth.dropping_department}”" in told.said


# What is not known ---------------------------------------------------------------------------


def test_what_was_taken_away_is_counted_as_not_known():
    rows = simulate(customers=400, seed=7, days=400).interactions
    nameless = rows["customer_id"].null_count()
    purchases = rows.filter(kind="purchase")["interaction_id"]
    visits = rows.filter(pl.col("kind") == "visit", pl.col("customer_id").is_not_null())
    place = pl.col("interaction_id")
    planted = rows.with_columns(
        amount=pl.when(~place.is_in(purchases.head(23).implode())).then("amount"),
        customer_id=pl.when(~place.is_in(visits["interaction_id"].head(31).implode())).then(
            "customer_id"
        ),
        kind=pl.when(place.is_in(visits["interaction_id"].tail(17).implode()))
        .then(pl.lit("mystery"))
        .otherwise("kind"),
        occurred_at=pl.when(~place.is_in(visits["interaction_id"].slice(100, 11).implode())).then(
            "occurred_at"
        ),
    )
    made = report(History.from_native(planted, timezone="Europe/Berlin"))
    told = Told(None, Text(made.to_html()).said)
    assert told.numbers("# rows that could not be read or were ruled out") == [11]
    assert told.numbers("# interactions without a customer") == [nameless + 31]
    assert told.numbers(
        "what # rows were: “mystery”" if "“mystery”" in told.said else 'what # rows were: "mystery"'
    ) == [17]
    assert told.numbers("the amount of # purchases") == [23]
