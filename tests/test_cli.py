"""The command line: results and errors, never a traceback, outputs whole or not at all."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from custloyal import IntakeMapping
from custloyal.cli.commands import app
from custloyal.errors import DataError
from custloyal.rules import Verdict, rulebooks

commands = import_module("custloyal.cli.commands")

HEAD = "customer_id,occurred_at,amount\n"
MAPPING = 'timezone = "UTC"\n[constants]\nkind = "purchase"\n'


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty current folder with a mapping for plain sales."""
    monkeypatch.chdir(tmp_path)
    Path("sales.toml").write_text(MAPPING, encoding="utf-8")
    return tmp_path


@pytest.fixture
def run(folder):
    def ran(*arguments, expected=0):
        result = CliRunner().invoke(app, [str(each) for each in arguments])
        assert result.exit_code == expected, result.output
        assert "Traceback" not in result.output
        assert not [*folder.rglob("*.tmp")]
        return result

    return ran


@pytest.fixture
def report(run):
    """Report on a table written as a CSV; what the page and the terminal say."""

    def reported(text, *options, expected=0, mapping="sales.toml"):
        data = text if isinstance(text, bytes) else text.encode()
        Path("sales.csv").write_bytes(data)
        result = run("report", "sales.csv", "--mapping", mapping, *options, expected=expected)
        page = Path("report.html")
        assert page.exists() == (expected == 0)
        return page.read_text(encoding="utf-8") if expected == 0 else result.stderr

    return reported


# Back-test -----------------------------------------------------------------------------------


def test_the_back_test_of_the_bundled_data_says_its_published_figures(run):
    said = run("backtest", "cdnow", "--horizon", "39w", "--json", "tried.json").stdout
    for each in ("AUC 0.783", "it is 0.771", "Brier 0.155", "1,673 (71.0%)", "Written: tried.json"):
        assert each in said
    tried = json.loads(Path("tried.json").read_text(encoding="utf-8"))
    assert (tried["cut"], tried["until"]) == ("1997-09-30", "1998-06-30")
    assert round(tried["auc"], 3) == 0.783
    assert set(tried["sentences"]) <= set(said.splitlines())


def test_a_simulated_company_is_tried_too(run):
    asked = ("--simulate", "--customers-count", "300", "--seed", "2", "--cut", "2023-06-30")
    said = run("backtest", *asked).stdout
    assert "as it stood on 30 June 2023" in said
    assert "The score saw nothing after the cut." in said


@pytest.mark.parametrize(
    ("options", "path", "mend"),
    [
        (("--horizon", "soon"), "horizon", 'write "90d"'),
        (("--cut", "1998-06-01"), "horizon", "cut by 1998-04-01"),
        (("--horizon", "600d"), "cut", "choose a shorter horizon"),
        (("--cut", "yesterday"), "cut", "not a day or time"),
        (("--seed", "1"), "--seed", "say --simulate"),
    ],
)
def test_back_tests_that_cannot_be_are_refused_with_a_mend(run, options, path, mend):
    said = run("backtest", "cdnow", *options, expected=2).stderr
    assert f"custloyal: {path}: " in said
    assert mend in said


def test_the_report_says_who_stays_and_who_leaves_in_short(run):
    said = " ".join(run("report", "cdnow", "--horizon", "91d").stdout.split())
    for each in ("Staying", "Leaving", "Keeping", "bought in June 1998 too", "are likely gone"):
        assert each in said
    assert "of a base of constant size" in said


# Report --------------------------------------------------------------------------------------


def test_the_bundled_data_become_a_page_and_figures(run, folder):
    result = run("report", "cdnow", "--json", "figures.json")
    assert "6,919 interactions of 2,357 customers" in result.stdout
    assert "Whom to look at first" in result.stdout
    assert "report.html" in result.stdout
    assert "figures.json" in result.stdout
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert page.rstrip().endswith("</html>")
    figures = json.loads((folder / "figures.json").read_text(encoding="utf-8"))
    assert figures["customers_count"] == 2_357
    assert figures["as_of"] == "1998-06-30"


def test_as_of_a_day_in_the_past_later_rows_are_not_seen(run, folder):
    run("report", "cdnow", "--as-of", "1997-09-30", "--json", "figures.json")
    figures = json.loads((folder / "figures.json").read_text(encoding="utf-8"))
    assert figures["intake"]["unseen"] > 0
    assert figures["period"]["last"] <= "1997-09-30"


def test_the_output_goes_where_it_is_said(run, folder):
    (folder / "out").mkdir()
    run("report", "cdnow", "-o", "out/page.html")
    assert (folder / "out" / "page.html").exists()
    assert not (folder / "report.html").exists()


def test_several_files_are_one_table(run):
    for name in ("may", "june"):
        Path(f"{name}.csv").write_text(f"{HEAD}{name},2024-05-01,9\n", encoding="utf-8")
    result = run("report", "may.csv", "june.csv", "--mapping", "sales.toml")
    assert "2 interactions of 2 customers" in result.stdout


def test_the_time_zone_may_stand_on_the_command_line(run):
    Path("bare.toml").write_text('[constants]\nkind = "purchase"\n', encoding="utf-8")
    Path("sales.csv").write_text(f"{HEAD}ann,2024-05-01 23:30:00,9\n", encoding="utf-8")
    arguments = ("report", "sales.csv", "--mapping", "bare.toml")
    refused = run(*arguments, expected=2).stderr
    assert "sales.csv" in refused
    assert "row 1" in refused
    assert "occurred_at" in refused
    run(*arguments, "--timezone", "Asia/Tokyo", "--json", "out.json")
    assert json.loads(Path("out.json").read_text(encoding="utf-8"))["timezone"] == "Asia/Tokyo"


# Promises ------------------------------------------------------------------------------------

RULES = """
[[rules]]
name = "key accounts hear from us"
for = { tier = "key" }
at_least = 1
unit = "times"
of = { kind = "outreach" }
per = "customer"
target = 0.9
window = "month"
owner = "sales"
"""


@pytest.fixture
def key_accounts(folder):
    """A table of purchases, one of customers, and a rule about some of them."""
    rows = "ann,2024-01-01,9\nbob,2024-01-02,9\nann,2024-03-05,9\n"
    (folder / "sales.csv").write_text(HEAD + rows, encoding="utf-8")
    (folder / "people.csv").write_text("customer_id,tier\nann,key\nbob,small\n", encoding="utf-8")
    (folder / "rules.toml").write_text(RULES, encoding="utf-8")
    return ("report", "sales.csv", "--mapping", "sales.toml", "--rules", "rules.toml")


def test_a_rule_book_and_a_table_of_customers_say_which_promises_are_kept(run, key_accounts):
    result = run(*key_accounts, "--customers", "people.csv", "--json", "figures.json")
    assert "Promises" in result.stdout
    (said,) = json.loads(Path("figures.json").read_text(encoding="utf-8"))["promises"]["rules"]
    assert (said["met_count"], said["missed_count"], said["pending_count"]) == (0, 2, 1)
    page = Path("report.html").read_text(encoding="utf-8")
    assert "key accounts hear from us" in page
    assert "Which promises are kept" in page


def test_without_a_rule_book_the_page_says_how_to_give_one(run, folder):
    result = run("report", "cdnow", "--json", "figures.json")
    assert "Promises" not in result.stdout
    assert json.loads((folder / "figures.json").read_text(encoding="utf-8"))["promises"] is None
    assert "--rules rulebook.toml" in (folder / "report.html").read_text(encoding="utf-8")


def test_a_rule_about_what_the_table_does_not_have_is_refused(run, key_accounts):
    message = run(*key_accounts, expected=2).stderr
    assert "tier" in message
    assert "key accounts hear from us" in message
    assert not Path("report.html").exists()


def test_a_rule_book_is_told_all_its_mistakes(run, key_accounts):
    Path("rules.toml").write_text(RULES.replace("0.9", "90").replace("sales", ""), encoding="utf-8")
    message = run(*key_accounts, "--customers", "people.csv", expected=2).stderr
    assert "rules.toml" in message
    assert "0.9" in message
    assert "owner" in message


def test_neither_rules_nor_customers_are_overwritten(run, key_accounts):
    for name in ("rules.toml", "people.csv"):
        run(*key_accounts, "--customers", "people.csv", "-o", name, expected=2)
    assert Path("rules.toml").read_text(encoding="utf-8") == RULES


def test_a_simulated_company_is_reported_with_its_promises(run, folder):
    asked = ("report", "--simulate", "--customers-count", "60", "--seed", "4")
    result = run(*asked, "--json", "figures.json")
    assert "60 customers" in result.stdout
    assert "Promises" in result.stdout
    figures = json.loads((folder / "figures.json").read_text(encoding="utf-8"))
    assert len(figures["promises"]["rules"]) == len(rulebooks.good_service())
    assert (folder / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    run(*asked[:-1], "5", "--json", "other.json")
    assert json.loads((folder / "other.json").read_text(encoding="utf-8")) != figures


@pytest.mark.usefixtures("key_accounts")
def test_a_simulated_company_can_be_judged_by_a_rule_book(run):
    asked = ("--simulate", "--customers-count", "60", "--rules", "rules.toml")
    run("report", *asked, "--json", "figures.json")
    figures = json.loads(Path("figures.json").read_text(encoding="utf-8"))
    assert [each["name"] for each in figures["promises"]["rules"]] == ["key accounts hear from us"]


def test_a_simulated_company_is_judged_by_its_own_promises(run, folder):
    asked = ("rules", "judge", "--simulate", "--customers-count", "60", "-o", "v.parquet")
    assert "prompt first response" in run(*asked).stdout
    verdicts = pl.read_parquet(folder / "v.parquet")
    assert set(verdicts["rule"]) <= {rule.name for rule in rulebooks.good_service()}
    assert verdicts["verdict"].is_in([each.value for each in Verdict]).all()
    assert "--rules: is missing" in run("rules", "judge", "cdnow", expected=2).stderr
    assert "FILE: is missing" in run("rules", "judge", expected=2).stderr
    assert "--seed: is said" in run("rules", "judge", "cdnow", "--seed", "1", expected=2).stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "FILE: is missing"),
        (("cdnow", "--simulate"), "cdnow: is a file"),
        (("--simulate", "--mapping", "sales.toml"), "--mapping: is said of files"),
        (("--simulate", "--customers", "people.csv"), "--customers: is said of files"),
        (("--simulate", "--timezone", "UTC"), "--timezone: is said of files"),
        (("cdnow", "--seed", "1"), "--seed: is said of the simulated company"),
        (("cdnow", "--customers-count", "9"), "--customers-count: is said of the simulated"),
        (("--simulate", "--customers-count", "0"), "customers"),
    ],
)
def test_options_of_another_source_are_refused(run, arguments, said):
    assert said in run("report", *arguments, expected=2).stderr


# Odd tables that are tables ------------------------------------------------------------------


def test_one_row_is_a_table(report):
    assert "The only customer" in report(f"{HEAD}ann,2024-05-01,9.5\n")


def test_one_customer_is_a_table(report):
    page = report(f"{HEAD}ann,2024-05-01,9.5\nann,2024-06-01,3\nann,2024-07-20,4\n")
    assert "One customer brings all of the revenue" in page


def test_a_billion_is_an_amount(report):
    assert "1,000,000,001" in report(f"{HEAD}ann,2024-05-01,1000000000\nbob,2024-05-02,1\n")


def test_three_centuries_are_a_period(report):
    page = report(f"{HEAD}ann,1900-01-01,5\nbob,2200-12-31,6\nann,2024-01-01,5\n")
    assert "1 January 1900 to 31 December 2200" in page
    assert len(page) < 3_000_000


@pytest.mark.parametrize("mark", [b"\xef\xbb\xbf", b""])
@pytest.mark.parametrize("separator", [b";", b"\t", b","])
def test_a_byte_order_mark_and_other_separators_are_read(report, mark, separator):
    text = b"customer_id,occurred_at,amount\r\nann,2024-05-01,9.5\r\nbob,2024-05-02,3\r\n"
    assert "2 interactions of 2 customers" in report(mark + text.replace(b",", separator))


def test_times_with_different_offsets_are_read(report):
    rows = "ann,2024-05-01T23:30:00-02:00,1\nbob,2024-05-01T23:30:00Z,1\n"
    Path("bare.toml").write_text('[constants]\nkind = "purchase"\n', encoding="utf-8")
    assert "1 May 2024 to 2 May 2024" in report(HEAD + rows, mapping="bare.toml")


def test_bad_cells_are_rejected_and_counted(report):
    page = report(f"{HEAD}ann,yesterday,9\nann,2024-05-01,nine\nbob,2024-05-01,4\n")
    assert "amount is not a number" in page
    assert "occurred_at is missing or is no time" in page


def test_names_of_markup_and_formulas_are_names(report, run):
    names = ["<script>alert(1)</script>", '=HYPERLINK(""http://x"",1)', "[red]{{7*7}}[/red]"]
    rows = [f'"{name}",2024-0{month}-01,9\n' for name in names for month in (1, 2)]
    page = report("".join([HEAD, *rows, "late,2025-06-01,1\n"]))
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    shown = run("report", "sales.csv", "--mapping", "sales.toml").stdout
    assert "[red]{{7*7}}[/red]" in shown


def test_a_terminal_is_not_commanded(report, run):
    rows = "a\x1b[2Jb,2024-01-01,9\na\x1b[2Jb,2024-01-02,9\nlate,2025-06-01,1\n"
    report(HEAD + rows)
    assert "\x1b" not in run("report", "sales.csv", "--mapping", "sales.toml").stdout


# Tables that are none ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("\ufeff\n", "is empty"),
        (HEAD, "has column names and no rows"),
        (f"{HEAD},,\n,,\n", "none of 2 rows can be used"),
        (f"{HEAD}ann,2024-05-01,-1\n", "none of 1 row can be used"),
        (f'{HEAD}ann,2024-05-01,"3,50"\n', "(numbers are written as 1300.50, without"),
        (f"{HEAD}ann,21/05/2024,3\n", "(a mapping file says how times are written"),
        (f"{HEAD}ann,2024-05-01,1,2,3\n", "is no CSV table: a row has more cells than there are"),
        ("who,when\nann,2024-05-01\n", "customer_id: is missing from the table"),
        (b"PK\x03\x04\x00\x00\x00", "is neither CSV nor Parquet"),
        (HEAD.encode() + b"J\xf6rg,2024-05-01,9\n", "line 2: is not UTF-8"),
        (HEAD.encode("utf-16"), "UTF-16"),
    ],
)
def test_what_is_no_table_is_named(report, text, said):
    message = report(text, expected=2)
    assert "sales.csv" in message
    assert said in message


def test_a_time_without_a_zone_among_others_is_named_by_row(report):
    Path("bare.toml").write_text('[constants]\nkind = "purchase"\n', encoding="utf-8")
    rows = "ann,2024-05-01T10:00:00+02:00,1\nbob,2024-05-02T10:00:00,1\n"
    message = report(HEAD + rows, mapping="bare.toml", expected=2)
    assert "sales.csv: occurred_at" in message
    assert "row 2" in message


@pytest.mark.parametrize("name", ["nothing.csv", "nothing-*.csv", "."])
def test_files_that_are_none_are_named(run, name):
    assert name in run("report", name, expected=2).stderr


def test_without_a_mapping_it_says_how_to_get_one(run):
    Path("sales.csv").write_text("Client,Date\nann,2024-05-01\n", encoding="utf-8")
    message = run("report", "sales.csv", expected=2).stderr
    assert "custloyal describe sales.csv" in message


def test_a_mapping_is_told_all_its_mistakes(report):
    Path("wrong.toml").write_text(
        '[columns]\ncustomer = "x"\n[kinds]\nsold = "purchse"\n', encoding="utf-8"
    )
    message = report(f"{HEAD}ann,2024-05-01,1\n", mapping="wrong.toml", expected=2)
    assert "wrong.toml" in message
    assert "columns.customer" in message
    assert "'customer_id'" in message
    assert "kinds.sold" in message


@pytest.mark.parametrize("text", ["no toml [", None])
def test_a_mapping_that_cannot_be_read_is_named(report, text):
    if text is not None:
        Path("broken.toml").write_text(text, encoding="utf-8")
    message = report(f"{HEAD}ann,2024-05-01,1\n", mapping="broken.toml", expected=2)
    assert "broken.toml" in message


@pytest.mark.parametrize(
    "options",
    [("--as-of", "yesterday"), ("--timezone", "Mars/Phobos"), ("--no-such-option",)],
)
def test_options_that_are_none_are_refused(report, options):
    report(f"{HEAD}ann,2024-05-01,1\n", *options, expected=2)


def test_bundled_data_take_no_mapping(run):
    assert "cdnow" in run("report", "cdnow", "--mapping", "sales.toml", expected=2).stderr


# Outputs -------------------------------------------------------------------------------------


@pytest.mark.parametrize("output", [".", "no/such/folder.html", os.devnull])
def test_an_output_that_cannot_be_written_is_known_before_the_work(run, output, monkeypatch):
    monkeypatch.setattr(commands, "history_of", lambda *_: pytest.fail("worked first"))
    assert output.split("/")[0] in run("report", "cdnow", "-o", output, expected=2).stderr


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="nothing is forbidden to this user"
)
def test_a_folder_that_may_not_be_written_is_named(run, folder):
    (folder / "locked").mkdir(mode=0o500)
    assert "locked" in run("report", "cdnow", "-o", "locked/page.html", expected=2).stderr


def test_an_input_is_never_overwritten(run):
    Path("sales.csv").write_text(f"{HEAD}ann,2024-05-01,1\n", encoding="utf-8")
    run("report", "sales.csv", "--mapping", "sales.toml", "-o", "sales.csv", expected=2)
    run("report", "sales.csv", "--mapping", "sales.toml", "--json", "sales.toml", expected=2)
    run("report", "cdnow", "-o", "one", "--json", "./one", expected=2)
    assert Path("sales.toml").read_text(encoding="utf-8") == MAPPING


def test_an_input_that_a_pattern_names_is_never_overwritten(run):
    text = f"{HEAD}ann,2024-05-01,1\n"
    Path("sales-1.csv").write_text(text, encoding="utf-8")
    mapped = ("sales-*.csv", "--mapping", "sales.toml")
    run("report", *mapped, "-o", "sales-1.csv", expected=2)
    run("backtest", *mapped, "--horizon", "20d", "--json", "sales-1.csv", expected=2)
    run("describe", "sales-*.csv", "-o", "sales-1.csv", "--force", expected=2)
    assert Path("sales-1.csv").read_text(encoding="utf-8") == text


def raising(error):
    def raised(*_):
        raise error

    return raised


def test_an_output_is_written_whole_or_not_at_all(run, folder, monkeypatch):
    for name in ("report.html", "figures.json"):
        (folder / name).write_text("what was there before", encoding="utf-8")

    monkeypatch.setattr(commands, "_json", raising(OSError(28, "No space left on device")))
    message = run("report", "cdnow", "--json", "figures.json", expected=2).stderr
    assert "No space left on device" in message
    assert "--debug" in message
    for name in ("report.html", "figures.json"):
        assert (folder / name).read_text(encoding="utf-8") == "what was there before"


def test_an_error_nobody_foresaw_is_one_line_and_a_traceback_on_demand(run, monkeypatch):
    monkeypatch.setattr(commands, "history_of", raising(RuntimeError("first line\nsecond line")))
    message = run("report", "cdnow", expected=2).stderr
    assert message == "custloyal: RuntimeError: first line second line (--debug shows where)\n"
    shown = CliRunner().invoke(app, ["report", "cdnow", "--debug"])
    assert shown.exit_code == 2
    assert "Traceback" in shown.stderr


def test_a_foreseen_error_shows_where_it_came_from_on_demand(run, monkeypatch):
    monkeypatch.setattr(commands, "history_of", raising(DataError("the table is upside down")))
    assert run("report", "cdnow", expected=2).stderr == "custloyal: the table is upside down\n"
    shown = CliRunner().invoke(app, ["report", "cdnow", "--debug"])
    assert "Traceback" in shown.stderr


# Describe ------------------------------------------------------------------------------------


def test_a_described_table_can_be_reported(run, folder):
    pl.DataFrame(
        {
            "Invoice No": ["1", "1", "2", "C3"],
            "Client": ["ann", "ann", "bob", "ann"],
            "Invoice Date": [
                "31/12/2023 8:26",
                "31/12/2023 8:26",
                "1/2/2024 9:00",
                "3/2/2024 9:00",
            ],
            "Quantity": [1, 2, 3, -1],
            "Unit Price": [2.5, 1.0, 4.0, 2.5],
        }
    ).write_csv("shop.csv")
    result = run("describe", "shop.csv")
    assert "mapping.toml" in result.stdout
    assert "customer_id" in result.stdout
    assert IntakeMapping.from_toml("mapping.toml").lines
    run("report", "shop.csv", "--mapping", "mapping.toml", "--json", "out.json")
    figures = json.loads((folder / "out.json").read_text(encoding="utf-8"))
    assert figures["customers_count"] == 2
    assert figures["concentration"]["revenue_amount"] == pytest.approx(16.5)
    assert figures["intake"]["accepted"] == 3
    assert figures["intake"]["folded_lines"] == 1


def test_a_mapping_is_not_overwritten_unless_forced(run):
    Path("mapping.toml").write_text("mine", encoding="utf-8")
    assert "--force" in run("describe", "cdnow", expected=2).stderr
    assert Path("mapping.toml").read_text(encoding="utf-8") == "mine"
    run("describe", "cdnow", "--force")
    guess = tomllib.loads(Path("mapping.toml").read_text(encoding="utf-8"))
    assert guess["columns"]["occurred_at"] == "date"
    run("describe", "cdnow", "-o", "other.toml")
    assert Path("other.toml").exists()


def test_a_table_of_strange_columns_is_described(run):
    Path("odd.csv").write_text('"[red]a\x1b[2J","""=1+1"""\n<b>,2\n,\n', encoding="utf-8")
    result = run("describe", "odd.csv")
    assert "Not found: customer_id" in result.stdout
    assert "\x1b" not in result.stdout
    tomllib.loads(Path("mapping.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("text", ["", HEAD])
def test_describing_nothing_is_no_traceback(run, text):
    Path("nothing.csv").write_text(text, encoding="utf-8")
    run("describe", "nothing.csv", expected=2 if not text else 0)


# Rules ---------------------------------------------------------------------------------------

BOOK = """
[[rules]]
name = "answer fast"
for = { channel = "phone" }
at_most = 2
unit = "rings"
target = 0.9
window = "month"
owner = "front desk"

[[rules]]
name = "key accounts"
for = { tier = "key" }
at_least = 1
unit = "times"
of = { kind = "outreach" }
per = "customer"
target = 1.0
window = "month"
owner = "sales"
"""
CALLS = """customer_id,occurred_at,kind,channel,rings
ann,2024-05-01,question,phone,1
ann,2024-05-02,question,phone,2
ann,2024-05-03,outreach,email,
bob,2024-05-03,question,phone,3
bob,2024-05-04,question,phone,
"""


@pytest.fixture
def calls(folder):
    """Calls, their customers and a rule book."""
    Path("calls.csv").write_text(CALLS, encoding="utf-8")
    Path("calls.toml").write_text('timezone = "UTC"\n', encoding="utf-8")
    Path("book.toml").write_text(BOOK, encoding="utf-8")
    Path("second.csv").write_text(
        "customer_id,tier,acquired_at\nann,key,2024-04-15\nbob,small,2024-04-15\n",
        encoding="utf-8",
    )
    return folder


OPTIONS = ("--mapping", "calls.toml", "--customers", "second.csv")


@pytest.mark.usefixtures("calls")
def test_rules_are_checked_and_read_out(run):
    shown = run("rules", "check", "book.toml").stdout
    assert "2 rules" in shown
    assert (
        "answer fast: Calls are answered within 2 rings, for 90 % of calls a month; "
        "owner: front desk." in shown
    )
    assert "Nothing about them is suspicious" in shown


@pytest.mark.usefixtures("calls")
def test_rules_are_checked_against_data(run):
    run("rules", "check", "book.toml", "--data", "calls.csv", *OPTIONS)
    shown = run(
        "rules", "check", "book.toml", "--data", "calls.csv", "--mapping", "calls.toml", expected=1
    ).stdout
    assert "error: 'key accounts': cannot be judged: tier is not among the columns" in shown


@pytest.mark.usefixtures("calls")
def test_what_the_linter_is_sure_of_is_exit_code_1(run):
    Path("book.toml").write_text(
        BOOK.replace("at_most = 2", "below = 0").replace("0.9", "0.2"), encoding="utf-8"
    )
    lines = run("rules", "check", "book.toml", expected=1).stdout.splitlines()
    assert [line.partition(":")[0] for line in lines if "'answer fast'" in line] == [
        "error",
        "warning",
    ]
    Path("book.toml").write_text(BOOK.replace("0.9", "0.2"), encoding="utf-8")
    assert "warning: " in run("rules", "check", "book.toml").stdout


@pytest.mark.usefixtures("calls")
def test_all_mistakes_of_a_rule_book_are_told_with_their_lines(run):
    Path("book.toml").write_text(BOOK.replace("0.9", "90").replace("tier", "[["), encoding="utf-8")
    assert "book.toml:13: is not TOML" in run("rules", "check", "book.toml", expected=2).stderr
    wrong = BOOK.replace("0.9", "90").replace('unit = "times"\n', "")
    Path("book.toml").write_text(wrong, encoding="utf-8")
    message = run("rules", "check", "book.toml", expected=2).stderr
    assert "book.toml:7: rules[0].target: is 90" in message
    assert "(say 0.9)" in message
    assert "book.toml:11: rules[1].unit: is missing" in message
    assert run("rules", "judge", "calls.csv", "--rules", "book.toml", expected=2).stderr == message


@pytest.mark.parametrize(
    "options", [("--customers", "second.csv"), ("--as-of", "2024-01-01"), ("--timezone", "UTC")]
)
@pytest.mark.usefixtures("calls")
def test_options_about_data_need_data(run, options):
    message = run("rules", "check", "book.toml", *options, expected=2).stderr
    assert options[0] in message
    assert "--data FILE" in message


@pytest.mark.usefixtures("calls")
def test_a_table_is_judged_by_rules(run):
    result = run("rules", "judge", "calls.csv", "--rules", "book.toml", *OPTIONS, "-o", "v.parquet")
    assert "Promises as of 4 May 2024" in result.stdout
    (fast,) = [line.split() for line in result.stdout.splitlines() if "answer fast" in line]
    assert fast[:7] == ["answer", "fast", "2", "1", "0", "1", "66.7%"]
    assert fast[-2:] == ["90.0%", "no"]
    verdicts = pl.read_parquet("v.parquet")
    assert verdicts.schema["occurred_at"] == pl.Datetime("us", "UTC")
    said = verdicts.filter(rule="answer fast").sort("occurred_at")["verdict"].to_list()
    assert said == ["met", "met", "missed", "unknown"]
    # Known since April: of the windows since, May has its contact.
    contacts = verdicts.filter(rule="key accounts")
    assert contacts["customer_id"].to_list() == ["ann"]
    assert contacts["verdict"].to_list() == ["met"]


@pytest.mark.usefixtures("calls")
def test_a_rule_that_speaks_of_nobody_is_shown_as_such(run):
    Path("book.toml").write_text(BOOK.replace('"phone"', '"fax"'), encoding="utf-8")
    run_ = ("rules", "judge", "calls.csv", "--rules", "book.toml", *OPTIONS, "-o", "v.parquet")
    assert "nobody" in run(*run_).stdout
    assert "undecided" in run(*run_, "--as-of", "2024-05-02").stdout


@pytest.mark.usefixtures("calls")
def test_rules_whose_columns_are_missing_are_named_or_left_out(run):
    arguments = ("rules", "judge", "calls.csv", "--rules", "book.toml", "--mapping", "calls.toml")
    message = run(*arguments, "-o", "v.parquet", expected=2).stderr
    assert "tier" in message
    assert not Path("v.parquet").exists()
    shown = run(*arguments, "--fit").stdout
    assert "'key accounts': cannot be judged" in shown
    assert Path("verdicts.parquet").exists()


@pytest.mark.parametrize("output", ["v.csv", "calls.toml", "no/folder/v.parquet"])
@pytest.mark.usefixtures("calls")
def test_verdicts_are_written_as_parquet_and_over_no_input(run, output):
    arguments = ("rules", "judge", "calls.csv", "--rules", "book.toml", *OPTIONS, "-o", output)
    assert output.split("/")[0] in run(*arguments, expected=2).stderr
    assert Path("calls.toml").read_text(encoding="utf-8") == 'timezone = "UTC"\n'


@pytest.mark.usefixtures("calls")
def test_verdicts_are_written_whole_or_not_at_all(run, monkeypatch):
    Path("v.parquet").write_text("what was there before", encoding="utf-8")
    module = import_module("custloyal.cli.rule_commands")
    monkeypatch.setattr(module, "to_parquet", raising(OSError(28, "No space left on device")))
    arguments = ("rules", "judge", "calls.csv", "--rules", "book.toml", *OPTIONS, "-o", "v.parquet")
    assert "No space left on device" in run(*arguments, expected=2).stderr
    assert Path("v.parquet").read_text(encoding="utf-8") == "what was there before"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("customer,tier\nann,key\n", "second.csv: has no column customer_id"),
        ("customer_id,tier\nann,key\nann,key\n", "second.csv: has 1 rows too many"),
        ("", "second.csv: is empty"),
    ],
)
@pytest.mark.usefixtures("calls")
def test_a_second_table_that_is_none_is_named(run, text, said):
    Path("second.csv").write_text(text, encoding="utf-8")
    arguments = ("rules", "judge", "calls.csv", "--rules", "book.toml", *OPTIONS)
    assert said in run(*arguments, expected=2).stderr


@pytest.mark.usefixtures("calls")
def test_bundled_data_take_no_second_table(run):
    arguments = ("rules", "judge", "cdnow", "--rules", "book.toml", "--customers", "second.csv")
    assert "cdnow" in run(*arguments, expected=2).stderr


@pytest.mark.usefixtures("calls")
def test_the_example_is_a_rule_book(run):
    Path("example.toml").write_text(run("rules", "example").stdout, encoding="utf-8")
    shown = run("rules", "check", "example.toml").stdout
    assert "within 4 business hours" in shown
    assert "9 rules" in shown


# The process ---------------------------------------------------------------------------------


def test_the_version_is_shown(run):
    assert "custloyal" in run("--version").stdout


def test_the_program_runs_as_a_module(folder):
    def ran(*arguments):
        command = [sys.executable, "-m", "custloyal", *arguments]
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)

    good = ran("report", "cdnow")
    assert (good.returncode, good.stderr) == (0, "")
    assert "report.html" in good.stdout
    bad = ran("report", "nothing.csv")
    assert (bad.returncode, bad.stdout) == (2, "")
    assert bad.stderr.startswith("custloyal: nothing.csv: ")
    assert "Traceback" not in bad.stderr
