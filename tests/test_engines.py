"""What the engines leave of the user's database, and what of it they do not read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb

from custloyal import HandOffs, History, Trust, judge, read
from custloyal.datasets import simulate
from custloyal.metrics import NextPurchase
from custloyal.rules import rulebooks

if TYPE_CHECKING:
    import pyarrow as pa

METRICS = (Trust(), HandOffs(), NextPurchase())


def readings_on(connection: duckdb.DuckDBPyConnection, interactions: pa.Table):
    history = History.from_native(
        connection.from_arrow(interactions), timezone="Europe/Berlin", unique="assume"
    )
    found = read(history, METRICS)
    said = {name: reading.to_dicts() for name, reading in found.items()}
    said["promises"] = judge(history, rulebooks.good_service()).attainment().to_dicts()
    return {name: sorted(map(repr, rows)) for name, rows in said.items()}


def test_tables_of_the_user_are_neither_read_nor_changed_whatever_they_are_called():
    interactions = simulate(customers=30, seed=1).interactions.to_arrow()
    plain, crowded = duckdb.connect(), duckdb.connect()
    for name in ("rows", "said", "parts", "word", "customer_id", "kind", "one", "custloyal_parts"):
        crowded.execute(f"CREATE TABLE {name} AS SELECT 42 AS mine")
    catalog = "SELECT table_name FROM duckdb_tables() UNION SELECT view_name FROM duckdb_views()"
    before = crowded.sql(catalog).order("ALL").fetchall()
    assert readings_on(crowded, interactions) == readings_on(plain, interactions)
    assert crowded.sql(catalog).order("ALL").fetchall() == before
    assert crowded.execute("SELECT mine FROM rows").fetchall() == [(42,)]
