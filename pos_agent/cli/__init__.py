"""Command line of the agent."""


def main() -> None:
    """Entry point of the console script."""
    from pos_agent.cli.main import app

    app()
