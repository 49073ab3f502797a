"""What pos-agent.exe runs."""

from pos_agent.cli import main

main()
