"""Start a collector by hand:  python -m sync.hq --database sqlite:////var/lib/hq/rows.sqlite --tokens tokens.toml

What the tokens file says stands in sync/hq/tokens.py.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from sync.hq.engine import DatabaseUnfit
from sync.hq.serving import Serving, ServingUnfit, Tls, run_collector
from sync.hq.tokens import TokensInvalid, read_tokens

__all__ = ["TokensInvalid", "main", "read_tokens"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status: 0 stopped by hand, 2 could not start."""
    chosen = _parser().parse_args(arguments)
    if (chosen.certificate is None) != (chosen.key is None) or (chosen.client_ca and chosen.certificate is None):
        sys.stderr.write("--certificate and --key belong together, and --client-ca to both\n")
        return 2
    tls = None if chosen.certificate is None else Tls(chosen.certificate, chosen.key, chosen.client_ca)
    try:
        credentials = read_tokens(chosen.tokens.read_text(encoding="utf-8"))
        run_collector(Serving(chosen.database, credentials, chosen.host, chosen.port, workers=chosen.workers, tls=tls))
    except (OSError, TokensInvalid, DatabaseUnfit, ServingUnfit) as error:
        sys.stderr.write(f"{chosen.tokens}: {error}\n" if isinstance(error, TokensInvalid) else f"{error}\n")
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sync.hq", description="Collect the journals of tills.")
    parser.add_argument("--database", required=True, help="sqlite:///FILE or postgresql://...")
    parser.add_argument("--tokens", required=True, type=Path, help="TOML file with [tills], [keys] and [readers]")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8780)
    parser.add_argument("--workers", type=int, default=1, help="processes; more than one needs PostgreSQL")
    parser.add_argument("--certificate", type=Path, help="PEM, the chain with the server's own first")
    parser.add_argument("--key", type=Path, help="PEM, without a password")
    parser.add_argument("--client-ca", type=Path, help="PEM; only who shows a certificate of this CA may speak")
    return parser


if __name__ == "__main__":
    sys.exit(main())
