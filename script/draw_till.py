"""Draws docs/till/*.png: every state of the cashier's page, in Kazakh and Russian together, in Kazakh, and in Russian.

Register, registry, printer and scanner are simulated, the clock stands still and the seed is fixed, so that a picture
changes only with the page. Run inside the virtual environment, with Chromium on the machine:
.venv/bin/python script/draw_till.py [--language kk-ru] [NAME ...]
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from till_scenes import SCENES
from till_scenes_apart import APART, OFFICE
from till_stage import FOLDER, LANGUAGES, chromium, opened


def draw(names: Sequence[str], languages: Sequence[str], scenes: Sequence[str]) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with chromium() as browser:
        for language in languages:
            for every, office in ((SCENES, None), (APART, OFFICE)):
                chosen = [scene for scene in every if not scenes or scene.__name__ in scenes]
                if not chosen:
                    continue
                with opened(browser, language, names, office=office) as stage:
                    for scene in chosen:
                        stage.again()
                        scene(stage)


def main() -> int:
    options = argparse.ArgumentParser(description="Draw the pictures of docs/till-page.md.")
    options.add_argument("names", nargs="*", metavar="NAME", help="pictures; all when none is given")
    options.add_argument("--language", choices=LANGUAGES, action="append", help="all when none is given")
    options.add_argument(
        "--scene", choices=[scene.__name__ for scene in (*SCENES, *APART)], action="append", help="only these"
    )
    chosen = options.parse_args()
    draw(chosen.names, chosen.language or LANGUAGES, chosen.scene or ())
    return 0


if __name__ == "__main__":
    sys.exit(main())
