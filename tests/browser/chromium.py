"""Chromium without a window: pages as a browser shows them, and all that it has to say of them."""

from __future__ import annotations

import base64
import json
import shutil
from pathlib import Path
from typing import Any

import attrs
import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
DESKTOP, PHONE = 1_200, 390
"""Widths in CSS pixels."""
SCHEMES = ("light", "dark")
OURS = ("about:", "blob:", "data:", "file:")
"""What a page may ask for without leaving the machine."""
_HEIGHT = 844
_SILENT = (
    "--headless",
    "--no-sandbox",  # as root there is none
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--disable-sync",
    # No name is looked up and no other machine asked, whatever a page wants.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
_WATCHED = """
window.acted = [];
try { localStorage.clear(); } catch { /* a page without an address has none */ }
for (const name of ["alert", "confirm", "prompt", "open"])
  window[name] = (...words) => { window.acted.push([name, ...words].join(" ")); };
window.addEventListener("error", event => window.acted.push(`error ${event.message}`));
"""
"""Run before a page is read: dialogs and errors are written down, and nothing is remembered."""
_SCRIPTS = Path(__file__).parent
_SEEN = (_SCRIPTS / "seen.js").read_text(encoding="utf-8")


@attrs.frozen
class View:
    """How a page is looked at.

    Args:
        width: In CSS pixels; a narrow one is a phone's.
        scheme: The colours that the reader prefers, `light` or `dark`.
        scripts: Whether the page may run any.
        media: `screen` or `print`.
    """

    width: int = DESKTOP
    scheme: str = "light"
    scripts: bool = True
    media: str = "screen"

    def __str__(self) -> str:
        """As the name of a test."""
        return f"{'phone' if self.width < DESKTOP else 'desktop'}-{self.scheme}"


class Chromium:
    """One browser for all tests."""

    def __init__(self, driver: Any) -> None:
        self._driver = driver
        self._command("Page.addScriptToEvaluateOnNewDocument", source=_WATCHED)

    @classmethod
    def started(cls) -> Chromium:
        """A browser; skips the test where none is installed."""
        webdriver = pytest.importorskip("selenium.webdriver", reason="needs the extra dev")
        found = next(filter(None, map(shutil.which, NAMES)), None)
        driver = shutil.which("chromedriver")
        if found is None or driver is None:
            pytest.skip("needs Chromium and its driver (Debian: chromium, chromium-driver)")
        options = webdriver.ChromeOptions()
        options.binary_location = found
        for argument in _SILENT:
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        service = webdriver.ChromeService(executable_path=driver)
        return cls(webdriver.Chrome(options=options, service=service))

    def quit(self) -> None:
        """End it."""
        self._driver.quit()

    def show(self, page: Path | str, view: View = View()) -> None:
        """Open a page; what was said and asked for before is forgotten."""
        self._command("Emulation.setScriptExecutionDisabled", value=not view.scripts)
        self._command(
            "Emulation.setDeviceMetricsOverride",
            width=view.width,
            height=_HEIGHT,
            deviceScaleFactor=1,
            mobile=view.width < DESKTOP,
        )
        self._command(
            "Emulation.setEmulatedMedia",
            media=view.media,
            features=[
                {"name": "prefers-color-scheme", "value": view.scheme},
                {"name": "prefers-reduced-motion", "value": "reduce"},
            ],
        )
        self._driver.get("about:blank")
        self.complaints()
        self.requests()
        self._driver.get(page.as_uri() if isinstance(page, Path) else page)

    def complaints(self) -> list[str]:
        """What the console was told since it was last asked: errors, and what a policy refused."""
        return [entry["message"] for entry in self._driver.get_log("browser")]

    def requests(self) -> list[str]:
        """The addresses of all that was asked for since it was last asked."""
        events = [json.loads(entry["message"]) for entry in self._driver.get_log("performance")]
        return [
            params["request"]["url"] if "request" in params else params["url"]
            for method, params in (
                (event["message"]["method"], event["message"]["params"]) for event in events
            )
            if method in ("Network.requestWillBeSent", "Network.webSocketCreated")
        ]

    def seen(self, what: str, *arguments: Any) -> Any:
        """What a function of `seen.js` makes of the page."""
        return self._driver.execute_script(f"{_SEEN}\nreturn {what}(...arguments)", *arguments)

    def run(self, script: str) -> Any:
        """What an expression in the page gives."""
        return self._driver.execute_script(f"return {script}")

    def comes_true(self, condition: str, *, seconds: float = 10) -> bool:
        """Whether a condition of the page's comes true in time."""
        script = f"""
            const [until, done] = [performance.now() + {seconds * 1_000}, arguments[0]];
            const look = () => ({condition}) ? done(true)
                : performance.now() > until ? done(false) : setTimeout(look, 20);
            look();
        """
        return bool(self._driver.execute_async_script(script))

    def press(self, *keys: str) -> None:
        """Press keys, one after another."""
        from selenium.webdriver import ActionChains  # noqa: PLC0415 (an optional extra)

        ActionChains(self._driver, duration=0).send_keys(*keys).perform()

    def heard(self) -> list[tuple[str, str]]:
        """What a screen reader is told: role and name of everything that is not hidden from it."""
        nodes = self._command("Accessibility.getFullAXTree")["nodes"]
        return [
            (node["role"]["value"], node.get("name", {}).get("value", ""))
            for node in nodes
            if not node["ignored"]
        ]

    def printed(self) -> bytes:
        """The page as a PDF."""
        return base64.b64decode(self._driver.print_page())

    def _command(self, name: str, **parameters: Any) -> Any:
        return self._driver.execute_cdp_cmd(name, parameters)
