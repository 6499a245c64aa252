"""A real browser for tests: headless Chromium opens a page, counts and measures, and says so in words of JSON."""

import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from html import escape, unescape
from pathlib import Path

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")

MEASURE = """
addEventListener("load", () => setTimeout(() => {
  const frame = document.querySelector("iframe"), page = frame.contentDocument, root = page.documentElement;
  const wide = () => [...page.body.querySelectorAll("*")].filter(
    (e) => !e.closest(".scroll, pre") && e.getClientRects().length && e.getBoundingClientRect().right > %(width)d + 1);
  const images = [...page.images], folded = [...page.querySelectorAll("details")];
  const closed = root.scrollWidth;
  const hidden = images.filter((e) => !e.checkVisibility()).length;
  folded.forEach((e) => { e.open = true; });
  const scrolling = [...page.querySelectorAll(".scroll")].filter((e) => e.scrollWidth > e.clientWidth + 1);
  const left = (e) => e.querySelector("td").getBoundingClientRect().left;
  const before = scrolling.map(left);
  scrolling.forEach((e) => { e.scrollLeft = e.scrollWidth; });
  const moved = scrolling.filter((e, i) => left(e) !== before[i]).length;
  document.body.dataset.found = JSON.stringify({
    images: images.length, broken: images.filter((e) => !(e.complete && e.naturalWidth > 0)).length,
    hidden: hidden, folded: folded.length, invisible: images.filter((e) => !e.checkVisibility()).length,
    scrolling: scrolling.length, moved: moved, closed: closed, opened: root.scrollWidth,
    wide: wide().map((e) => e.tagName + "." + e.className).slice(0, 5),
  });
}, 200));
"""


@dataclass(frozen=True)
class Seen:
    """What a browser found in a page.

    Args:
        images: on the page; `broken` of them did not load, `hidden` ones are folded away at first.
        broken: see `images`.
        hidden: see `images`.
        folded: things to open.
        invisible: images that are not shown with everything opened.
        scrolling: tables that are wider than their box.
        moved: those of them whose row names leave when they are scrolled.
        closed: pixels that the page needs from left to right, as it opens; `opened`: with everything opened.
        opened: see `closed`.
        wide: elements that stick out on the right, but for those in boxes that scroll.
        console: messages of the console.
    """

    images: int
    broken: int
    hidden: int
    folded: int
    invisible: int
    scrolling: int
    moved: int
    closed: int
    opened: int
    wide: list[str]
    console: list[str]


def find_browser() -> str:
    """Path of a Chromium; skips the test where there is none."""
    for name in NAMES:
        if path := shutil.which(name):
            return path
    pytest.skip(f"no browser to open the page in (looked for {', '.join(NAMES)})")


def look(page: str, width: int, folder: Path) -> Seen:
    """Open a page at a width of so many CSS pixels.

    The page sits in a frame, as windows of headless browsers have a least width; a script around it measures.

    Args:
        page: HTML text; not changed.
        width: of the frame.
        folder: for the browser's profile and the page around.
    """
    around = folder / f"around-{width}.html"
    around.write_text(
        f'<!DOCTYPE html><body><iframe width="{width}" height="800" style="border: 0" srcdoc="{escape(page)}"></iframe>'
        f"<script>{MEASURE % {'width': width}}</script></body>",
        encoding="utf-8",
    )
    words = ["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=5000", "--enable-logging=stderr"]
    words += [f"--user-data-dir={folder / 'profile'}", "--window-size=1400,900", "--dump-dom", around.as_uri()]
    done = subprocess.run([find_browser(), *words], capture_output=True, text=True, check=False, timeout=120)
    found = re.search(r'<body data-found="([^"]*)"', done.stdout)
    assert found, f"the browser measured nothing: {done.stderr[-2000:]}"
    console = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    return Seen(**json.loads(unescape(found.group(1))), console=console)
