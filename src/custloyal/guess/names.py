"""The names that people give to columns and kinds, most telling first."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING
from unicodedata import normalize

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "COLUMN_NAMES",
    "DOUBTS",
    "KIND_WORDS",
    "QUANTITY",
    "STATES",
    "UNIT_PRICE",
    "bare",
]

COLUMN_NAMES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "customer_id": (
            *("customerid", "customer", "customerno", "customernumber", "custid", "clientid"),
            *("client", "memberid", "member", "userid", "user", "buyerid", "buyer", "accountid"),
            *("account", "visitorid", "contactid", "callerid", "caller", "email", "customeremail"),
            *("requester", "requesterid", "requesteremail", "reporter"),
            *("kundennummer", "kundennr", "kundenid", "kunde", "clienteid", "cliente", "who"),
        ),
        "occurred_at": (
            *("occurredat", "timestamp", "datetime", "invoicedate", "orderdate", "purchasedate"),
            *("transactiondate", "saledate", "eventtime", "eventdate", "createdat", "created"),
            *(
                "openedat",
                "updatedat",
                "date",
                "time",
                "day",
                "datum",
                "zeit",
                "fecha",
                "data",
                "when",
            ),
        ),
        "interaction_id": (
            *("interactionid", "invoiceno", "invoiceid", "invoicenumber", "invoice", "orderid"),
            *("orderno", "ordernumber", "order", "transactionid", "transaction", "receiptid"),
            *("receiptno", "receipt", "eventid", "rechnungsnummer", "rechnungsnr", "bestellnummer"),
        ),
        "case_id": ("caseid", "case", "ticketid", "ticketno", "ticket", "incidentid", "incident"),
        "channel": ("channel", "contacttype", "contactchannel", "medium", "origin", "kanal"),
        "department": ("department", "dept", "team", "queue", "workgroup", "group", "abteilung"),
        "agent_id": ("agentid", "agent", "assignedto", "assignee", "operator", "handledby"),
        "kind": (
            *("kind", "eventtype", "interactiontype", "transactiontype", "activity", "action"),
            *("event", "type"),
        ),
        "amount": (
            *(
                "amount",
                "totalamount",
                "total",
                "totalprice",
                "ordertotal",
                "grandtotal",
                "revenue",
            ),
            *("sales", "netamount", "lineamount", "linetotal", "value", "paid", "dollars", "euros"),
            *("betrag", "umsatz", "summe", "importe", "montant"),
        ),
    }
)
"""For our column the names that it has elsewhere, small and without marks."""

STATES = ("status", "ticketstatus", "casestatus", "incidentstate", "ticketstate", "casestate")
"""Columns that say what became of a case; without money that is the best that is known of a row."""

QUANTITY = ("quantity", "qty", "units", "menge", "anzahl", "cantidad", "count")
UNIT_PRICE = ("unitprice", "priceperunit", "itemprice", "price", "einzelpreis", "preis", "precio")

KIND_WORDS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(
            ("order", "sale", "sold", "bought", "buy", "invoice", "payment"), "purchase"
        ),
        **dict.fromkeys(("transaction", "ordercompleted", "checkoutcompleted"), "purchase"),
        **dict.fromkeys(("refund", "refunded", "returned", "creditnote", "chargeback"), "return"),
        **dict.fromkeys(("pageview", "view", "sessionstart", "session", "productview"), "visit"),
        **dict.fromkeys(("addtocart", "basket", "checkout", "checkoutstarted"), "cart"),
        **dict.fromkeys(("impression", "adview"), "exposure"),
        **dict.fromkeys(("lead", "enquiry", "contactform"), "inquiry"),
        **dict.fromkeys(("quotation", "offer", "proposal"), "quote"),
        **dict.fromkeys(("shipped", "shipment", "delivered"), "delivery"),
        **dict.fromkeys(("ticket", "support", "supportrequest"), "question"),
        **dict.fromkeys(("issue", "incident", "bug"), "problem"),
        **dict.fromkeys(("resolved", "solved", "closed"), "resolution"),
        **dict.fromkeys(("reopened",), "reopen"),
        **dict.fromkeys(("transfer", "transferred", "escalation", "reassigned"), "handoff"),
        **dict.fromkeys(("nps", "csat", "feedback"), "survey"),
        **dict.fromkeys(("newsletter", "campaign", "mailing"), "outreach"),
        **dict.fromkeys(("compliment", "thanks"), "praise"),
    }
)
"""For words that are no kind the kind that they mean, small and without marks."""


DOUBTS: Mapping[str, str] = MappingProxyType(
    {
        "closed": (
            "CHECK: closed is not always solved, and a resolution counts as a good experience; "
            "write 'other' where it is only filed away"
        ),
    }
)
"""For words that are easily misunderstood what to think of, small and without marks."""


def bare(name: str) -> str:
    """A name in small letters, without accents, blanks and marks.

    Example:
        >>> bare("Customer ID"), bare("unit_price")
        ('customerid', 'unitprice')
    """
    plain = normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]", "", plain.casefold())
