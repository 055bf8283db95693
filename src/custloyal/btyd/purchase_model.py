"""What BG/NBD, MBG/NBD and Pareto/NBD have in common, fitted and not."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

import attrs
import numpy as np

from custloyal.btyd.estimation import (
    FEW_REPEATERS,
    FewRepeatersWarning,
    Fitted,
    FitWarning,
    estimated,
)
from custloyal.btyd.frames import Invalid, check_choice, check_new_columns
from custloyal.btyd.statistics import Customers, Statistics, distinct_pairs, one_customer
from custloyal.errors import Mistake
from custloyal.models.checks import check_count, check_number, check_text, refuse

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    from custloyal.btyd.integrals import Floats
    from custloyal.btyd.newton import LogLikelihood

    class Process(Protocol):
        """Customers alive at some time, and what they do from then on; a row each."""

        @property
        def shape(self) -> Floats:
            """The shapes of their purchase rates."""
            ...

        @property
        def scale(self) -> Floats:
            """The scales of their purchase rates, in units of time."""
            ...

        def expected(self, horizon: Floats) -> Floats:
            """Expected purchases within a horizon for each."""
            ...

        def any(self, horizon: Floats) -> Floats:
            """The probability of any purchase within it."""
            ...

        def counts(self, horizon: Floats, most: int) -> Floats:
            """The probabilities of 0, 1, ..., most purchases within it, a column each."""
            ...


__all__ = [
    "DAYS",
    "FittedPurchaseModel",
    "Prediction",
    "PurchaseModel",
    "check_policy",
    "typical_scale",
]

SAMPLE = 8_000
DAYS = {"day": 1.0, "week": 7.0}


@attrs.frozen(kw_only=True)
class Prediction:
    """What is to be expected of one customer.

    Args:
        p_alive: The probability that the customer has not left.
        p_any: The probability of any purchase within the horizon.
        expected_purchases: The expected number of purchase days within it.
    """

    p_alive: float
    p_any: float
    expected_purchases: float


class FittedPurchaseModel(Fitted):
    """A model of purchases with parameters: what it says of customers, known and new.

    All times are in the model's unit of time, `time_unit`.
    """

    __slots__ = ()
    time_unit: str | None

    def predict(self, frame: Any, *, horizon: float, invalid: Invalid = "refuse") -> Any:
        """Add what is to be expected of each customer within a horizon from now.

        Args:
            frame: One row a customer, of any engine: `x` (repeat purchase days), `t_x` (age at
                the last purchase), `T` (age now); a column `time_unit` must match the model.
            horizon: A length of time, above 0, in the model's unit.
            invalid: "refuse" rows that no customer can have, or "set_aside": null predictions.

        Returns:
            The frame, in its own engine, with `p_alive` (the probability that the customer has
            not left), `p_any` (of any purchase within the horizon) and `expected_purchases`
            (purchase days within it); null where a statistic is null.

        Raises:
            InvalidValueError: Where an option is wrong or a column is there already.
            DataError: Where rows are invalid, counted, or the frame is in another unit.
            MissingColumnError: With every column that is missing.
        """
        refuse(check_number("horizon", horizon, above=0), check_policy(invalid))
        customers, rows = self._opened(frame, invalid, "p_alive", "p_any", "expected_purchases")
        p_alive = self.p_alive(rows)
        process, place = self.processes(rows)
        span = np.full(len(process.scale), float(horizon))
        return customers.sent_home(
            {
                "p_alive": p_alive,
                "p_any": p_alive * process.any(span)[place],
                "expected_purchases": p_alive * process.expected(span)[place],
            }
        )

    def predict_one(
        self,
        *,
        x: float,
        t_x: float,
        T: float,  # noqa: N803 (as the column)
        horizon: float,
    ) -> Prediction:
        """What is to be expected of one customer, without a frame: for a service that is asked.

        Args:
            x: Repeat purchase days.
            t_x: Age at the last purchase, in the model's unit.
            T: Age now, in the model's unit.
            horizon: A length of time, above 0, in the model's unit.

        Raises:
            InvalidValueError: Where an option is wrong or no customer can have such statistics.

        Example:
            The published estimates, and a customer with two repeat purchases:

            >>> from custloyal.btyd import FittedBgNbd
            >>> model = FittedBgNbd(r=0.243, alpha=4.414, a=0.793, b=2.426, time_unit="week")
            >>> said = model.predict_one(x=2, t_x=30.43, T=38.86, horizon=39)
            >>> round(said.p_alive, 3), round(said.expected_purchases, 3)
            (0.727, 1.226)
        """
        refuse(check_number("horizon", horizon, above=0))
        row = one_customer(x, t_x, T)
        process, span = self._alive(row.x, row.T), np.array([float(horizon)])
        [p_alive] = self.p_alive(row).tolist()
        [some], [expected] = process.any(span).tolist(), process.expected(span).tolist()
        return Prediction(
            p_alive=p_alive, p_any=p_alive * some, expected_purchases=p_alive * expected
        )

    def predict_counts(
        self, frame: Any, *, horizon: float, most: int = 5, invalid: Invalid = "refuse"
    ) -> Any:
        """Add the probabilities of 0, 1, ..., `most` and of more purchases within a horizon.

        Args:
            frame: As for `predict`.
            horizon: A length of time, above 0, in the model's unit.
            most: The largest number with a column of its own.
            invalid: As for `predict`.

        Returns:
            The frame with `p_0`, `p_1`, ..., `p_more`, which add up to 1.

        Raises:
            InvalidValueError: As for `predict`.
            DataError: As for `predict`.
            MissingColumnError: As for `predict`.

        Example:
            Of a new customer who certainly stays (a is tiny), the purchases of a time alpha: with
            r = 1 a half, a quarter, an eighth, ...

            >>> import polars as pl
            >>> from custloyal.btyd import FittedBgNbd
            >>> model = FittedBgNbd(r=1, alpha=10, a=1e-9, b=1)
            >>> new = pl.DataFrame({"x": [0], "t_x": [0], "T": [0]})
            >>> counts = model.predict_counts(new, horizon=10, most=2)
            >>> [round(counts[name][0], 6) for name in ("p_0", "p_1", "p_2", "p_more")]
            [0.5, 0.25, 0.125, 0.125]
        """
        refuse(
            check_number("horizon", horizon, above=0),
            check_count("most", most),
            check_policy(invalid),
        )
        names = [*(f"p_{count}" for count in range(most + 1)), "p_more"]
        customers, rows = self._opened(frame, invalid, *names)
        p_alive = self.p_alive(rows)
        process, place = self.processes(rows)
        alive = process.counts(np.full(len(process.scale), float(horizon)), most)[place]
        counts = p_alive[:, None] * alive
        counts[:, 0] += 1 - p_alive
        more = np.maximum(0.0, p_alive * (1 - alive.sum(axis=1)))
        columns = [*counts.T, more]
        return customers.sent_home(dict(zip(names, columns, strict=True)))

    def silence(
        self,
        frame: Any,
        *,
        p_alive: float = 0.5,
        unlikely: float = 0.05,
        as_of: date | None = None,
        invalid: Invalid = "refuse",
    ) -> Any:
        """Add when each customer's silence says that they may have left.

        Args:
            frame: As for `predict`.
            p_alive: The probability of being alive whose age is asked for, in (0, 1).
            unlikely: The probability, in (0, 1), under which a silence of a customer who is still
                alive is called unlikely.
            as_of: The day on which `T` was counted; adds dates, for models in days or weeks.
            invalid: As for `predict`.

        Returns:
            The frame with `alive_until_age` (the age at which P(alive) falls to `p_alive` if no
            purchase comes; null where it never does) and `silent_from_age` (the age from which
            silence is that unlikely), in units of time since the first purchase; and with
            `alive_until_date` and `silent_from_date` where `as_of` is given (null past 9999).

        Raises:
            InvalidValueError: As for `predict`, or where dates are asked of another unit.
            DataError: As for `predict`.
            MissingColumnError: As for `predict`.

        Example:
            With r = 2 and alpha = 10, silence has the probability (10 / (10 + t))^2 of a customer
            who never bought again, which is a quarter at t = 10.

            >>> import polars as pl
            >>> from custloyal.btyd import FittedBgNbd
            >>> model = FittedBgNbd(r=2, alpha=10, a=1, b=1, time_unit="day")
            >>> customer = pl.DataFrame({"x": [0], "t_x": [0], "T": [3]})
            >>> row = model.silence(customer, unlikely=0.25, as_of=date(2024, 1, 4))
            >>> round(row["silent_from_age"][0], 9), str(row["silent_from_date"][0])
            (10.0, '2024-01-11')
        """
        refuse(
            check_number("p_alive", p_alive, above=0, below=1),
            check_number("unlikely", unlikely, above=0, below=1),
            check_policy(invalid),
            self._check_as_of(as_of),
        )
        names = ["alive_until_age", "silent_from_age"]
        dated = [name.replace("_age", "_date") for name in names] if as_of is not None else []
        customers, rows = self._opened(frame, invalid, *names, *dated)
        columns: dict[str, Any] = {
            "alive_until_age": self._age_at(rows, p_alive),
            "silent_from_age": self._silent_age(rows, unlikely),
        }
        if as_of is not None:
            days = DAYS[str(self.time_unit)]
            for name, date_name in zip(names, dated, strict=True):
                columns[date_name] = _dates(as_of, (columns[name] - rows.T) * days)
        return customers.sent_home(columns)

    def expected_of_new(self, horizon: float) -> float:
        """Expected repeat purchases of a customer who has just made the first.

        Args:
            horizon: A length of time, above 0, in the model's unit.

        Returns:
            Purchase days after the first, at least 0.

        Raises:
            InvalidValueError: Where the horizon is not a number above 0.

        Example:
            Pareto/NBD with s = 1: r beta / alpha ln(1 + horizon / beta), here 2 ln 2.

            >>> from custloyal.btyd import FittedParetoNbd
            >>> round(FittedParetoNbd(r=1, alpha=5, s=1, beta=10).expected_of_new(10), 6)
            1.386294
        """
        refuse(check_number("horizon", horizon, above=0))
        return float(self.expected_at(np.array([float(horizon)]))[0])

    def counts_of_new(self, horizon: float, *, most: int = 10) -> tuple[float, ...]:
        """Probabilities of 0, 1, ..., `most` repeat purchases of a customer who is new.

        Args:
            horizon: A length of time, above 0, in the model's unit.
            most: The largest number asked for.

        Returns:
            `most` + 1 probabilities; what they lack to 1 is that of more.

        Raises:
            InvalidValueError: Where an option is out of bounds.
        """
        refuse(check_number("horizon", horizon, above=0), check_count("most", most))
        return tuple(self.counts_at(np.array([float(horizon)]), most)[0].tolist())

    @classmethod
    @abstractmethod
    def likelihood(cls, rows: Statistics) -> LogLikelihood:
        """The log-likelihood of customers as a function of the parameters."""

    @classmethod
    @abstractmethod
    def start(cls, rows: Statistics, time_unit: str | None) -> tuple[Floats, Floats]:
        """Where a fit starts, and the centre of its priors on the log parameters."""

    def expected_at(self, horizons: Floats) -> Floats:
        """Expected repeat purchases of new customers, for several horizons."""
        start, process = self._new(len(horizons))
        return start * process.expected(horizons)

    def counts_at(self, horizons: Floats, most: int) -> Floats:
        """Probabilities of 0 to `most` repeat purchases of new customers, a column each."""
        start, process = self._new(len(horizons))
        counts = start * process.counts(horizons, most)
        counts[:, 0] += 1 - start
        return counts

    def _falls_to(
        self, rows: Statistics, level: Floats, probability: Callable[[Statistics], Floats]
    ) -> Floats:
        """The age at which a probability that falls with silence reaches a level, by bisection."""
        alpha = self.parameters["alpha"]
        earliest, latest = np.log(alpha * 1e-14), np.log(alpha * 1e14)
        low, high = np.full(len(rows), earliest), np.full(len(rows), latest)
        for _ in range(64):
            middle = (low + high) / 2
            above = probability(attrs.evolve(rows, T=rows.t_x + np.exp(middle))) > level
            low, high = np.where(above, middle, low), np.where(above, high, middle)
        ages = rows.t_x + np.exp((low + high) / 2)
        return np.where(low == earliest, rows.t_x, np.where(high == latest, np.nan, ages))

    def _opened(self, frame: Any, invalid: Invalid, *new: str) -> tuple[Customers, Statistics]:
        customers = Customers.compressed(frame, time_unit=self.time_unit, weighted=False)
        check_new_columns(customers.table, new)
        return customers, customers.for_predictions(invalid)

    def processes(self, rows: Statistics) -> tuple[Process, Any]:
        """What customers do who are alive now depends on x and T only: once for each pair."""
        x, T, place = distinct_pairs(rows.x, rows.T)  # noqa: N806 (as the column)
        return self._alive(x, T), place

    def _check_as_of(self, as_of: date | None) -> Mistake | None:
        if as_of is not None and self.time_unit not in DAYS:
            said = "not stated" if self.time_unit is None else repr(self.time_unit)
            return Mistake(
                "as_of", f"gives no dates: the model's unit of time is {said}", "use day or week"
            )
        return None

    def _check(self) -> None:
        refuse(
            *(check_number(name, getattr(self, name), above=0) for name in self.parameter_names),
            check_text("time_unit", self.time_unit),
        )

    @abstractmethod
    def p_alive(self, rows: Statistics) -> Floats:
        """The probability that customers have not left."""

    @abstractmethod
    def _alive(self, x: Floats, T: Floats) -> Process: ...  # noqa: N803

    @abstractmethod
    def _new(self, count: int) -> tuple[float, Process]:
        """The chance that a new customer stays at all, and what one does who stays."""

    @abstractmethod
    def _age_at(self, rows: Statistics, p_alive: float) -> Floats: ...

    def _silent_age(self, rows: Statistics, unlikely: float) -> Floats:
        r, alpha = self.parameters["r"], self.parameters["alpha"]
        with np.errstate(over="ignore"):  # past all time is never
            silence: Floats = (alpha + rows.t_x) * np.expm1(-np.log(unlikely) / (r + rows.x))
        return rows.t_x + silence


Result = TypeVar("Result", bound=FittedPurchaseModel)


class PurchaseModel(Generic[Result]):
    """A model without parameters: it can be fitted, and nothing else."""

    __slots__ = ()
    time_unit: str | None
    invalid: Invalid
    _fitted: ClassVar[Any]

    def fit(self, frame: Any) -> Result:
        """Estimate the parameters by maximum likelihood.

        Args:
            frame: One row a customer, of any engine: `x` (repeat purchase days), `t_x` (age at
                the last purchase), `T` (age now), optionally `weight` (how many customers the row
                stands for) and `time_unit` (as `BtydStatistics` gives it).

        Returns:
            The fitted model, with a record of the fit.

        Raises:
            DataError: Where rows are invalid, counted, or states another unit of time.
            MissingColumnError: With every column that is missing.

        Warns:
            NotIdentifiedWarning: Where the data do not determine the parameters.
            FewRepeatersWarning: Where at least 95 % of the customers bought once.
            NotConvergedWarning: Where the fit ended before its maximum.
        """
        model, cautions = self.estimate(frame)
        for each in cautions:
            warnings.warn(each, stacklevel=2)
        return model

    def estimate(self, frame: Any) -> tuple[Result, tuple[FitWarning, ...]]:
        """As `fit`, with what it would warn of beside the model in place of warnings."""
        customers = Customers.compressed(frame, time_unit=self.time_unit, weighted=True)
        rows, aside = customers.for_a_fit(self.invalid)
        total = rows.customers_count
        once_share = float(rows.weight[rows.x == 0].sum()) / total
        cautions: list[FitWarning] = []
        if once_share >= FEW_REPEATERS:
            cautions.append(
                FewRepeatersWarning(
                    f"{once_share:.1%} of the customers bought once: what the model says of the "
                    "others rests on few"
                )
            )
        model: type[Result] = self._fitted
        start, centre = model.start(rows, customers.time_unit)
        parameters, record = estimated(
            model.likelihood(rows),
            names=model.parameter_names,
            start=start,
            centre=centre,
            customers_count=total,
            few=lambda: _why_few(rows),
            set_aside=aside,
            sample=model.likelihood(rows.sampled(SAMPLE)) if len(rows) > 2 * SAMPLE else None,
            cautions=cautions,
            raised=cautions.append,
        )
        found: dict[str, Any] = {**parameters, "time_unit": customers.time_unit, "fit": record}
        return model(**found), tuple(cautions)

    def _check(self) -> None:
        refuse(check_text("time_unit", self.time_unit), check_policy(self.invalid))


def typical_scale(rows: Statistics, time_unit: str | None) -> tuple[float, float]:
    """The mean time between purchases as a start for alpha, and the centre of ln alpha."""
    mean_age = float((rows.weight * rows.T).sum()) / rows.customers_count
    centre = mean_age if mean_age > 0 else 1 / DAYS.get(str(time_unit), 1.0)
    purchases = float((rows.weight * rows.x).sum()) / rows.customers_count
    between = mean_age / purchases if purchases > 0 else centre
    return float(np.clip(between / 2, centre / 1e3, centre * 1e3)), float(np.log(centre))


def _why_few(rows: Statistics) -> str:
    if rows.customers_count <= 1:
        return "there is one customer"
    if not rows.T.any():
        return "all customers came just now (T is 0)"
    if not rows.x.any():
        return "nobody ever bought again"
    if (rows.t_x == rows.T)[rows.x > 0].all():
        return "everyone who bought again did so at the very end, so nobody seems to have left"
    return ""


def check_policy(invalid: str) -> Mistake | None:
    """The mistake of an option that says what happens to invalid rows."""
    return check_choice("invalid", invalid, ("refuse", "set_aside"))


def _dates(as_of: date, days: Floats) -> Any:
    """Dates some days away from a day; NaT past the year 9999."""
    left = (date.max - as_of).days
    within = np.abs(np.nan_to_num(days, nan=np.inf)) <= left
    # The first day on which the age is reached; weeks of seven days may miss it by a rounding.
    away = np.ceil(np.where(within, days, 0) - 1e-9).astype("timedelta64[D]")
    return np.where(within, np.datetime64(as_of, "D") + away, np.datetime64("NaT", "D"))
