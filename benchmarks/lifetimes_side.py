"""The BTYD statistics by lifetimes' own function, on purchases picked out beforehand.

lifetimes 0.11.3 installs from its source distribution and works with numpy 2 and pandas 3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
from lifetimes.utils import summary_data_from_transaction_data

from benchmarks.contestants import Contestant

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

__all__ = ["CONTESTANTS", "btyd", "load", "save"]


def load(path: Path) -> pd.DataFrame:
    """Load the purchases of known customers: the function takes nothing else."""
    columns = ["customer_id", "occurred_at", "kind", "amount"]
    table = pd.read_parquet(path, columns=columns)
    bought = (table["kind"] == "purchase") & table["customer_id"].notna()
    return table.loc[bought, ["customer_id", "occurred_at", "amount"]].astype(
        {"customer_id": "int64"}
    )


def save(result: pd.DataFrame, path: Path) -> None:
    """Write a result to Parquet, in the names and with the nulls of the other contestants."""
    renamed = result.reset_index().rename(
        columns={"frequency": "x", "recency": "t_x", "monetary_value": "mean_repeat_amount"}
    )
    repeated = renamed["x"] > 0  # lifetimes gives 0 where there is no repeat purchase
    renamed["mean_repeat_amount"] = renamed["mean_repeat_amount"].where(repeated)
    renamed.to_parquet(path, index=False)


def btyd(table: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """Call the function as its documentation does."""
    summary: pd.DataFrame = summary_data_from_transaction_data(
        table,
        "customer_id",
        "occurred_at",
        monetary_value_col="amount",
        observation_period_end=as_of.isoformat(),
        freq="D",
    )
    return summary


CONTESTANTS = {"lifetimes": Contestant(load=load, save=save, readings={"btyd": btyd})}
