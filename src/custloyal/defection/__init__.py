"""Defection: who is leaving in silence, whether that was true before, and what goes with it.

It needs numpy and scipy, which load with this package.
"""

from custloyal.defection.abandonment import Abandonment, abandoned_after_bad_service
from custloyal.defection.backtest import Backtest, Difference, backtest
from custloyal.defection.experience import BadExperience
from custloyal.defection.judgement import Band, Judgement, Tenth
from custloyal.defection.leaving import LeavingAfter, leaving_after
from custloyal.defection.losses import Losses, losses
from custloyal.defection.matched import MatchedDifference
from custloyal.defection.next_need import NextNeed
from custloyal.defection.price_only import PriceOnly
from custloyal.defection.purchase_chance import PurchaseChance
from custloyal.defection.reactivation import ReactivationByTrust, TrustBand, reactivation_by_trust
from custloyal.defection.scores import Score
from custloyal.defection.silent_defection import SilentDefection
from custloyal.defection.won_back import LossLeaders, WonBack, loss_leaders

__all__ = [
    "Abandonment",
    "Backtest",
    "BadExperience",
    "Band",
    "Difference",
    "Judgement",
    "LeavingAfter",
    "LossLeaders",
    "Losses",
    "MatchedDifference",
    "NextNeed",
    "PriceOnly",
    "PurchaseChance",
    "ReactivationByTrust",
    "Score",
    "SilentDefection",
    "Tenth",
    "TrustBand",
    "WonBack",
    "abandoned_after_bad_service",
    "backtest",
    "leaving_after",
    "loss_leaders",
    "losses",
    "reactivation_by_trust",
]
