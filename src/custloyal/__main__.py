"""`python -m custloyal`."""

from __future__ import annotations

from custloyal.cli import main

if __name__ == "__main__":
    main()
