"""The same four readings by custloyal and by queries written by hand, timed and compared.

Run it from the project root: `python -m benchmarks --rows 1M,10M`.
"""
