"""A real browser without a screen, and what it says of a page."""

import functools
import http.server
import json
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

import pytest

DEADLINE_S = 120
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Looks at the page in a frame as wide as the screen it stands for, and writes what it finds where it can be read.
FRAME = """<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><body style="margin:0">
<iframe id="frame" src="{page}" width="{width}" height="2000" style="border:0"></iframe><pre id="found"></pre>
<script>
document.getElementById("frame").addEventListener("load", async event => {{
  const page = event.target.contentDocument, root = page.documentElement;
  await Promise.all([...page.images].map(image => image.decode().catch(() => null)));
  document.getElementById("found").textContent = JSON.stringify({{
    visible_px: root.clientWidth, needed_px: root.scrollWidth,
    sections: [...page.querySelectorAll("section")].map(section => section.id),
    images_px: [...page.images].map(image => image.naturalWidth),
    sources: [...page.images].map(image => image.currentSrc),
    ground: page.defaultView.getComputedStyle(page.body).backgroundColor,
    fetched: page.defaultView.performance.getEntriesByType("resource").map(entry => entry.name),
  }});
}});
</script>
"""


@dataclass(frozen=True, slots=True)
class Look:
    """What a browser found: facts of the page, `fetched` what it asked a network for, and lines on the console."""

    page: dict[str, Any]
    console: list[str]


def find_browser() -> str:
    """Return a Chromium; without one a test fails in CI and is skipped on a laptop."""
    found = next((path for path in map(shutil.which, NAMES) if path), None)
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("there is no Chromium: on Debian, apt-get install chromium")
        pytest.skip("there is no Chromium here: on Debian, apt-get install chromium")
    return found


def look_at(page: Path, width: int, colour_scheme: str, folder: Path) -> Look:
    """Open a page on a screen of this width (CSS pixels), `light` or `dark`; `folder` is for its files."""
    shutil.copy(page, folder / "page.html")
    (folder / "frame.html").write_text(FRAME.format(page="page.html", width=width), "utf-8")
    with _served(folder) as address:
        command = [
            find_browser(),
            *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-dev-shm-usage"),
            *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-proxy-server"),
            *("--disable-extensions", "--disable-features=OptimizationHints,MediaRouter,Translate"),
            f"--blink-settings=preferredColorScheme={0 if colour_scheme == 'dark' else 1}",
            f"--user-data-dir={folder / 'profile'}",
            # What the browser would like to know for itself leads nowhere.
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
            "--enable-logging=stderr",
            "--virtual-time-budget=20000",
            "--dump-dom",
            f"http://{address}/frame.html",
        ]
        said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=DEADLINE_S)
    found = re.search(r'<pre id="found">(.+?)</pre>', said.stdout, re.DOTALL)
    assert found is not None, said.stderr
    console = [line for line in said.stderr.splitlines() if "CONSOLE" in line]
    return Look(json.loads(unescape(found[1])), console)


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_arguments: object) -> None:
        pass


@contextmanager
def _served(folder: Path) -> Iterator[str]:
    handler = functools.partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()
