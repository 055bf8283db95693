"""Make the pictures of the report that the README and the site show.

    python docs/pictures/make.py

Renders the report on the simulated company and takes it in light and in dark, with a Chromium that
must be on the path. Nothing is fetched.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
SCHEMES = {"dark": 0, "light": 1}
WIDTH, HEIGHT = 1000, 1130
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
QUIET = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)


def main() -> None:
    """Render, and take both pictures."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        sys.exit(f"needs a browser on the path: {', '.join(BROWSERS)}")
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder, "report.html")
        command = [sys.executable, "-m", "custloyal", "report", "--simulate", "-o", str(page)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        for name, scheme in SCHEMES.items():
            picture = HERE / f"report-{name}.webp"
            subprocess.run(
                [
                    browser,
                    *QUIET,
                    f"--user-data-dir={folder}/{name}",
                    f"--blink-settings=preferredColorScheme={scheme}",
                    f"--window-size={WIDTH},{HEIGHT}",
                    f"--screenshot={picture}",
                    page.as_uri(),
                ],
                check=True,
                capture_output=True,
            )
            print(f"{picture.name}: {picture.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
