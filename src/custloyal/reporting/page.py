"""The page: a report as one self-contained HTML file."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import attrs

from custloyal import formats
from custloyal.errors import MissingExtraError
from custloyal.reporting.section import Answer, Failed, Headline

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jinja2 import Environment
    from markupsafe import Markup

    from custloyal.reporting.section import Section

__all__ = ["period", "render"]

_LONGEST_TITLE, _LONGEST_ID_TITLE = 1_000, 12_000
"""So that names of any length do not swell the page."""
_ROWS_SHOWN = 30
"""Of a table with a row for each word of the user's own."""


def render(about: Mapping[str, Any], told: Sequence[tuple[Section[Any], Any]]) -> str:
    """A report as an HTML page that loads nothing, and reads the same where no script runs.

    Args:
        about: What the report rests on, as `Report.to_dict` begins.
        told: The sections in order, each with its figures or why it failed. Whatever is None is
            said to be not known. A section that raises here says so, and the others stand.

    Returns:
        The page; under 3 MB for any history. All texts are escaped.

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

    from custloyal.reporting import drawing  # noqa: PLC0415 (needs the same extra)

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
    parts = [_part(section, figures, environment) for section, figures in told]
    return environment.get_template("report.html.jinja").render(
        about=about,
        period=period(about),
        headlines=sorted((one for p in parts for one in p.headlines), key=lambda one: one.rank),
        answers=sorted(
            ((p.anchor, one) for p in parts for one in p.answers), key=lambda pair: pair[1].rank
        ),
        sections=parts,
        style=Markup(_text("page.css")),  # noqa: S704 (our own file)
        scripts=[Markup(script) for script in scripts],  # noqa: S704 (as above)
        script_sources=Markup(" ".join(map(_source, scripts))),  # noqa: S704 (as above)
    )


@attrs.frozen(kw_only=True)
class _Part:
    """A section as the page shows it."""

    anchor: str
    nav: str
    title: str
    body: str | None = None
    failure: str | None = None
    headlines: Sequence[Headline] = ()
    answers: Sequence[Answer] = ()


def _part(section: Section[Any], figures: Any, environment: Environment) -> _Part:
    from markupsafe import Markup  # noqa: PLC0415 (an optional extra)

    from custloyal.reporting.drawing import drawn  # noqa: PLC0415 (needs the same extra)

    frame: dict[str, Any] = {
        "anchor": section.anchor or section.name,
        "nav": section.nav or section.title,
        "title": section.title,
    }
    if isinstance(figures, Failed):
        return _Part(**frame, failure=figures.reason)
    try:
        charts = {name: drawn(chart) for name, chart in section.charts(figures).items()}
        body = environment.from_string(section.template()).render(
            **section.words(figures), figures=figures, charts=charts, shown=_ROWS_SHOWN
        )
        return _Part(
            **frame,
            body=Markup(body),  # noqa: S704 (a template escapes what it shows)
            headlines=section.headlines(figures),
            answers=section.answers(figures),
        )
    except Exception as error:  # noqa: BLE001 (whatever a section raises, the others stand)
        return _Part(**frame, failure=Failed.by(error).reason)


def period(about: Mapping[str, Any]) -> str:
    """Which rows the report rests on."""
    first, last = about["period"]["first"], about["period"]["last"]
    customers = formats.counted(about["customers_count"], "customer")
    rows = f"{formats.counted(about['interactions_count'], 'interaction')} of {customers}"
    return f"{rows}." if first is None else f"{rows}, {formats.day(first)} to {formats.day(last)}."


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
