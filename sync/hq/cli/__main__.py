"""`python -m sync.hq.cli`: the command line without its script."""

from sync.hq.cli import main

main()
