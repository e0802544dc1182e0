"""prep doctor: what is here, what is wrong, what to do about it."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import asdict

from prep_app import paths
from prep_app.commands.doctor import files, programs, terminal
from prep_app.commands.doctor.finding import Finding
from prep_app.content.library import library_for
from prep_app.errors import UserError
from prep_app.settings import read_settings

WIDEST = 14  # letters of a finding's name


def run(options: Namespace) -> int:
    findings = list(examine(options))
    if options.json:
        print(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False))
    else:
        for finding in findings:
            print(f"{'✓' if finding.ok else '✗'} {finding.name:<{WIDEST}} {finding.found}")
            if finding.remedy and not finding.ok:
                print(f"  {'':<{WIDEST}} → {finding.remedy}")
    return 0 if all(finding.ok for finding in findings) else 1


def examine(options: Namespace) -> Iterator[Finding]:
    """Look at one thing after another; what rests on a thing that is broken is not looked at."""
    home = paths.home(options.home)
    yield from programs.look()
    yield from terminal.look()
    yield from files.around(home)
    try:
        settings = read_settings(home.config)
    except UserError as error:
        yield Finding("settings", False, str(error), "mend or remove the file")
        return
    yield Finding("settings", True, "config.toml" if home.config.exists() else "defaults")
    found = files.journal(home, settings, rebuild=options.rebuild, put_back=options.restore)
    yield from found
    if not all(finding.ok for finding in found if finding.name == "journal"):
        return
    library = library_for(home)
    cards = f"{len(library.cards)} cards, {len(library.problems)} problems"
    yield Finding("packs", not library.problems, cards, "see them with: prep check, or prep check PATH")
    yield files.copies(home)
    yield Finding("cache", True, "made anew" if options.rebuild else "derived from the journal")
    yield files.sync(home)
