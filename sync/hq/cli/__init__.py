"""Command line of headquarters."""


def main() -> None:
    """Entry point of the console script."""
    from sync.hq.cli.main import app

    app()
