"""The four readings as a good user of DuckDB writes them, fetched as Arrow tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import pyarrow.parquet as pq

from benchmarks import definitions as d
from benchmarks.contestants import Contestant

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    import pyarrow as pa

__all__ = ["CONTESTANTS", "btyd", "cohorts", "concentration", "load", "save", "trust"]


def load(path: Path) -> duckdb.DuckDBPyConnection:
    """Load the history into a table of a database in memory."""
    database = duckdb.connect()
    database.execute("CREATE TABLE interactions AS FROM read_parquet(?)", [str(path)])
    return database


def save(result: pa.Table, path: Path) -> None:
    """Write a result to Parquet."""
    pq.write_table(result, path)


def trust(database: duckdb.DuckDBPyConnection, as_of: date) -> pa.Table:
    """Score each customer's trust, with Wilson's interval, balance and counts."""
    return database.sql(f"""
        WITH evidences AS (
            SELECT
                customer_id,
                coalesce(outcome, {_kind_evidence()}) AS evidence,
                {_phase_weight()} AS phase_weight,
                (epoch_us(TIMESTAMP '{d.cutoff(as_of)}') - epoch_us(occurred_at))
                    / {float(d.DAY_US)!r}::DOUBLE AS age_days
            FROM interactions
            WHERE {_seen(as_of)}
        ), weights AS (
            SELECT
                customer_id,
                evidence,
                abs(evidence) * phase_weight * exp(age_days * CASE WHEN evidence > 0
                    THEN {d.GOOD_DECAY!r}::DOUBLE ELSE {d.BAD_DECAY!r}::DOUBLE END) AS weight
            FROM evidences
        ), sums AS (
            SELECT
                customer_id,
                coalesce(sum(weight) FILTER (evidence > 0), 0) AS good,
                coalesce(sum(weight) FILTER (evidence < 0), 0) * {d.RATIO}::DOUBLE AS bad,
                count(*) FILTER (evidence > 0) AS good_count,
                count(*) FILTER (evidence < 0) AS bad_count
            FROM weights
            GROUP BY customer_id
        ), scores AS (
            SELECT
                *,
                good - bad AS balance,
                ({d.PRIOR_WEIGHT * d.PRIOR_MEAN}::DOUBLE + greatest(balance, 0))
                    / ({d.PRIOR_WEIGHT}::DOUBLE + abs(balance)) AS score,
                {d.PRIOR_WEIGHT}::DOUBLE + good + bad AS size,
                {d.Z**2!r}::DOUBLE / size AS z2_size
            FROM sums
        ), wilson AS (
            SELECT
                *,
                (score + z2_size / 2) / (1 + z2_size) AS centre,
                {d.Z}::DOUBLE * sqrt(score * (1 - score) / size + z2_size / (4 * size))
                    / (1 + z2_size) AS half
            FROM scores
        )
        SELECT
            customer_id,
            score AS trust,
            centre - half AS trust_low,
            centre + half AS trust_high,
            balance AS trust_balance,
            good_count,
            bad_count
        FROM wilson
    """).to_arrow_table()


def btyd(database: duckdb.DuckDBPyConnection, as_of: date) -> pa.Table:
    """Count each buyer's purchase days, ages at the last and now, and mean repeat amount."""
    return database.sql(f"""
        WITH days AS (
            SELECT customer_id, occurred_at::DATE AS day, sum(amount) AS amount
            FROM interactions
            WHERE {_purchases(as_of)}
            GROUP BY ALL
        ), customers AS (
            SELECT
                customer_id,
                count(*) - 1 AS x,
                min(day) AS first,
                max(day) AS last,
                sum(amount) AS total,
                arg_min(amount, day) AS first_amount
            FROM days
            GROUP BY customer_id
        )
        SELECT
            customer_id,
            x,
            last - first AS t_x,
            DATE '{as_of}' - first AS T,
            CASE WHEN x > 0 THEN (total - first_amount) / x END AS mean_repeat_amount
        FROM customers
    """).to_arrow_table()


def cohorts(database: duckdb.DuckDBPyConnection, as_of: date) -> pa.Table:
    """Follow each month's new buyers through the months after.

    Months are counted as whole numbers: grouping by `date_trunc` takes a quarter longer.
    """
    return database.sql(f"""
        WITH active AS MATERIALIZED (
            SELECT DISTINCT customer_id, year(occurred_at) * 12 + month(occurred_at) - 1 AS month
            FROM interactions
            WHERE {_purchases(as_of)}
        ), firsts AS (
            SELECT customer_id, min(month) AS cohort FROM active GROUP BY customer_id
        ), triangle AS (
            SELECT cohort, month - cohort AS age_months, count(*) AS customers_count
            FROM active JOIN firsts USING (customer_id)
            GROUP BY ALL
        )
        SELECT
            make_date(cohort // 12, cohort % 12 + 1, 1) AS cohort_month,
            age_months,
            customers_count,
            max(customers_count) FILTER (age_months = 0) OVER (PARTITION BY cohort) AS cohort_size,
            customers_count / cohort_size AS retention_share
        FROM triangle
        ORDER BY cohort_month, age_months
    """).to_arrow_table()


def concentration(database: duckdb.DuckDBPyConnection, as_of: date) -> pa.Table:
    """Measure how few customers the gross revenue rests on."""
    return database.sql(f"""
        WITH customers AS (
            SELECT sum(amount) AS amount
            FROM interactions
            WHERE {_purchases(as_of)}
            GROUP BY customer_id
        ), totals AS (
            SELECT count(*) AS customers_count, sum(amount) AS total_amount FROM customers
        ), ranked AS (
            SELECT
                amount,
                row_number() OVER (ORDER BY amount DESC) AS rank,
                sum(amount) OVER (ORDER BY amount DESC ROWS UNBOUNDED PRECEDING) AS running_amount
            FROM customers
        )
        SELECT
            customers_count,
            total_amount,
            sum(amount) FILTER (rank <= ceil({d.TOP_SHARE}::DOUBLE * customers_count))
                / total_amount AS top_20_share,
            (customers_count + 1) / customers_count
                - 2 * sum(rank * amount) / (customers_count * total_amount) AS gini,
            sum((amount / total_amount) ** 2) AS hhi,
            1 / hhi AS effective_customers,
            (count(*) FILTER (running_amount < {d.REVENUE_SHARE}::DOUBLE * total_amount) + 1)
                / customers_count AS customers_for_80_share
        FROM ranked, totals
        GROUP BY customers_count, total_amount
    """).to_arrow_table()


def _seen(as_of: date) -> str:
    return f"customer_id IS NOT NULL AND occurred_at < TIMESTAMP '{d.cutoff(as_of)}'"


def _purchases(as_of: date) -> str:
    return f"kind = 'purchase' AND {_seen(as_of)}"


def _kind_evidence() -> str:
    cases = (f"WHEN '{kind}' THEN {value!r}::DOUBLE" for kind, value in d.EVIDENCE.items())
    return f"CASE kind {' '.join(cases)} ELSE 0::DOUBLE END"


def _phase_weight() -> str:
    cases = (f"WHEN kind IN {kinds} THEN {weight}" for weight, kinds in d.PHASE_WEIGHTS.items())
    return f"(CASE {' '.join(cases)} ELSE {d.SERVICE_WEIGHT} END)::DOUBLE"


def with_enum(database: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """Turn the kinds into an enumeration, as a user does who knows the vocabulary."""
    database.execute(f"CREATE TYPE kind_name AS ENUM {d.KINDS}")
    database.execute("ALTER TABLE interactions ALTER kind TYPE kind_name")
    return database


READINGS = {"trust": trust, "btyd": btyd, "cohorts": cohorts, "concentration": concentration}

CONTESTANTS = {
    "hand-duckdb": Contestant(load=load, save=save, readings=READINGS),
    "hand-duckdb-enum": Contestant(load=load, save=save, readings=READINGS, prepare=with_enum),
}
