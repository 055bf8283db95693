"""The engines on which a fold runs, and the doors through which frames come and go.

The only floor that imports polars, duckdb, pandas or pyspark, and each on its first use only.
"""

from custloyal.engines.base import Aggregate, Combine, Engine, Look, Sight, Table
from custloyal.engines.door import Home, from_columns, opened, row_count
from custloyal.engines.files import files_of, from_parquet, scanned, to_parquet
from custloyal.engines.identity import identity

__all__ = [
    "Aggregate",
    "Combine",
    "Engine",
    "Home",
    "Look",
    "Sight",
    "Table",
    "files_of",
    "from_columns",
    "from_parquet",
    "identity",
    "opened",
    "row_count",
    "scanned",
    "to_parquet",
]
