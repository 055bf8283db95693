"""The page: a report as one self-contained HTML file."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from custloyal import formats
from custloyal.errors import MissingExtraError
from custloyal.reporting import leaving_words, promise_words, retention_words, value_words, words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from markupsafe import Markup

__all__ = ["render"]

_LONGEST_TITLE, _LONGEST_ID_TITLE = 1_000, 12_000
"""So that names of any length do not swell the page."""
_SECTIONS = (
    ("first", "Whom to call"),
    ("trust", "Trust"),
    ("stages", "Stages"),
    ("revenue", "Revenue"),
    ("cohorts", "Cohorts"),
    ("promises", "Promises"),
    ("retention", "Who stays"),
    ("leaving", "Who leaves"),
    ("value", "Value"),
    ("intake", "Intake"),
    ("terms", "Terms"),
)
_LATER = dict.fromkeys(
    (
        *("promises", "retention", "retention_reason"),
        *("leaving", "leaving_reason", "value", "value_reason"),
    )
)
"""What a report that was made by an earlier version may lack."""
_ROWS_SHOWN = 30
"""Of a table with a row for each word of the user's own."""


def render(report: Mapping[str, Any]) -> str:
    """A report as an HTML page that loads nothing, and reads the same where no script runs.

    Args:
        report: What `Report.to_dict` gives. Whatever is None is said to be not known.

    Returns:
        The page; under 3 MB for any history. All texts of the report are escaped.

    Raises:
        MissingExtraError: Where the extra `report` is not installed.
    """
    try:
        import jinja2  # noqa: PLC0415 (an optional extra)
    except ModuleNotFoundError:
        raise MissingExtraError.of(
            "jinja2",  # noqa: EM101 (a name, no message)
            extra="report",
            purpose="write the page",
        ) from None

    from markupsafe import Markup  # noqa: PLC0415 (comes with jinja2)

    from custloyal.reporting import drawing, pictures  # noqa: PLC0415 (needs the same extra)

    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_text),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update({name: getattr(formats, name) for name in formats.__all__})
    environment.filters |= {"named": _named, "identified": _identified}
    scripts = [drawing.vega(), _text("page.js")]
    report = {**_LATER, **report}
    promises = report["promises"]
    kept = None if promises is None else promise_words.promise_view(promises)
    cohorts = words.cohort_view(report["cohorts"])
    said = {
        name: getattr(words, name)(report)
        for name in (
            *("carriers", "funnel", "intake", "lorenz"),
            *("leaves", "period", "segments", "stages", "trust", "unknown"),
        )
    } | {"cohorts": words.cohorts(cohorts)}
    return environment.get_template("report.html.jinja").render(
        report=report,
        said=said,
        charts=dict(pictures.charts(report, cohorts)),
        cohorts=cohorts,
        promises=promises,
        kept=kept,
        promise_charts=[] if kept is None else list(pictures.promise_charts(kept)),
        promise_words=promise_words,
        retention_words=retention_words,
        leaving_words=leaving_words,
        value_words=value_words,
        sections=_SECTIONS,
        style=Markup(_text("page.css")),  # noqa: S704 (our own file)
        scripts=[Markup(script) for script in scripts],  # noqa: S704 (as above)
        script_sources=Markup(" ".join(map(_source, scripts))),  # noqa: S704 (as above)
        shown=_ROWS_SHOWN,
        ages_shown=words.AGES_SHOWN,
    )


def _text(name: str) -> str:
    return files("custloyal.reporting").joinpath(name).read_text(encoding="utf-8")


def _source(script: str) -> str:
    """How a content security policy allows this script, and no other."""
    return f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'"


def _identified(customer_id: object) -> Markup:
    return _named(customer_id, 40, longest_title=_LONGEST_ID_TITLE)


def _named(text: object, limit: int = 40, *, longest_title: int = _LONGEST_TITLE) -> Markup:
    """A name of the user's own: isolated, shortened, with the whole of it as its title."""
    from markupsafe import Markup  # noqa: PLC0415 (an optional extra)

    whole, short = str(text), formats.shortened(text, limit=limit)
    if short == whole:
        return Markup("<bdi>{}</bdi>").format(short)
    title = formats.shortened(whole, limit=longest_title)
    if len(whole) > limit:
        short = f"{short} ({formats.count(len(whole))} characters)"
    return Markup('<bdi title="{}">{}</bdi>').format(title, short)
