"""Drawn margins and shares, at their bounds too."""

from __future__ import annotations

from itertools import accumulate

from hypothesis import strategies as st

shares = st.one_of(st.sampled_from([0.0, 0.05, 1.0]), st.floats(0, 1))
growths = st.one_of(st.just(0.0), st.floats(-1, 0.5))
margin_lists = st.lists(st.floats(-1_000, 1_000), min_size=1, max_size=6)
rising_margins = st.lists(st.floats(0, 1_000), min_size=1, max_size=6).map(
    lambda steps: list(accumulate(steps))
)
