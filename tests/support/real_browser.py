"""Debian's Chromium, driven by Playwright, for tests, benchmarks and the scripts that draw pages.

Playwright keeps a loop running in its process while it is open: one at a time, and none for longer than a module.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = os.environ.get("TEST_CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--autoplay-policy=no-user-gesture-required",
)  # fmt: skip
PATIENCE_MS = 60_000  # A machine under load is slow; nothing here waits that long on an idle one.

# [contrast, classes, text] of every text that is shown, against the nearest ground that is painted (WCAG 2.2, 1.4.3).
# Under an open dialog (#veil) only what lies in it can be read.
CONTRASTS = """() => {
  const parts = colour => colour.match(/[\\d.]+/g).map(Number);
  const lightness = colour => {
    const [r, g, b] = parts(colour).slice(0, 3).map(c => c / 255)
      .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = element => {
    for (let one = element; one; one = one.parentElement) {
      const colour = getComputedStyle(one).backgroundColor;
      if ((parts(colour)[3] ?? 1) > 0.99) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const veil = document.getElementById("veil");
  const veiled = veil !== null && !veil.hidden;
  const found = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some(node => node.nodeType === 3 && node.textContent.trim());
    if (!own || !element.checkVisibility({ visibilityProperty: true })) continue;
    if (element.closest("option, script, template, .hidden, .skip, .uplot")) continue;
    if (veiled && !element.closest(".layer")) continue;
    const pair = [lightness(getComputedStyle(element).color), lightness(ground(element))].sort((a, b) => b - a);
    found.push([(pair[0] + 0.05) / (pair[1] + 0.05), element.className, element.textContent.trim().slice(0, 40)]);
  }
  return found;
}"""


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


def keep_picture(page: Page, path: Path, colours: int, *, full_page: bool = False) -> None:
    """What the page shows, in few colours: flat pages lose nothing, and the files stay small."""
    with Image.open(io.BytesIO(page.screenshot(full_page=full_page, caret="hide"))) as picture:
        picture.convert("RGB").quantize(colours).save(path, optimize=True)
