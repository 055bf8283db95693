"""The page: a report as one self-contained HTML file."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any

from custloyal import formats
from custloyal.errors import MissingExtraError
from custloyal.page import promise_words, words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from markupsafe import Markup

__all__ = ["render"]

_LONGEST_TITLE, _LONGEST_ID_TITLE = 1_000, 12_000
"""So that names of any length do not swell the page."""
_ROWS_SHOWN = 30
"""Of a table with a row for each word of the user's own."""


def render(report: Mapping[str, Any]) -> str:
    """A report as an HTML page that loads nothing and runs no script.

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

    from custloyal.page import pictures  # noqa: PLC0415 (needs the same extra)

    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_template),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update({name: getattr(formats, name) for name in formats.__all__})
    environment.filters |= {"named": _named, "identified": _identified}
    promises = report.get("promises")
    kept = None if promises is None else promise_words.promise_view(promises)
    cohorts = words.cohort_view(report["cohorts"])
    said = {
        name: getattr(words, name)(report)
        for name in (
            *("carriers", "funnel", "intake", "lorenz"),
            *("period", "segments", "stages", "trust", "unknown"),
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
        shown=_ROWS_SHOWN,
        ages_shown=words.AGES_SHOWN,
    )


def _template(name: str) -> str:
    return files("custloyal.page").joinpath(name).read_text(encoding="utf-8")


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
