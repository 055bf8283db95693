"""Buy-till-you-die: how often customers will buy who never say that they leave.

The models take the statistics of customers (`BtydStatistics` reads them from a history), from any
engine, and give predictions back in it. They need numpy and scipy, which load with this package.

Models pickle, and go to JSON and back, the record of their fit included:

>>> from custloyal.models.configuration import from_json, to_json
>>> model = FittedBgNbd(r=0.243, alpha=4.414, a=0.793, b=2.426, time_unit="week")
>>> from_json(FittedBgNbd, to_json(model)) == model
True
"""

from custloyal.btyd.bg_nbd import BgNbd, FittedBgNbd, FittedMbgNbd, MbgNbd
from custloyal.btyd.estimation import (
    FewRepeatersWarning,
    Fit,
    FitWarning,
    NotConvergedWarning,
    NotIdentifiedWarning,
)
from custloyal.btyd.fit_checks import calibration, frequencies, tracking
from custloyal.btyd.gamma_gamma import FittedGammaGamma, GammaGamma
from custloyal.btyd.pareto_nbd import FittedParetoNbd, ParetoNbd
from custloyal.btyd.purchase_model import FittedPurchaseModel, Prediction
from custloyal.btyd.residual_value import residual_value
from custloyal.btyd.shifted_beta_geometric import FittedShiftedBetaGeometric, ShiftedBetaGeometric
from custloyal.btyd.totals import TotalPurchases, total_purchases

__all__ = [
    "BgNbd",
    "FewRepeatersWarning",
    "Fit",
    "FitWarning",
    "FittedBgNbd",
    "FittedGammaGamma",
    "FittedMbgNbd",
    "FittedParetoNbd",
    "FittedPurchaseModel",
    "FittedShiftedBetaGeometric",
    "GammaGamma",
    "MbgNbd",
    "NotConvergedWarning",
    "NotIdentifiedWarning",
    "ParetoNbd",
    "Prediction",
    "ShiftedBetaGeometric",
    "TotalPurchases",
    "calibration",
    "frequencies",
    "residual_value",
    "total_purchases",
    "tracking",
]
