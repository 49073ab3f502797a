"""Progress on a terminal; nothing where nobody looks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

Told = Callable[[int, int], None]


@contextmanager
def bar(title: str, *, quiet: bool) -> Iterator[Told]:
    """A function that is told how much is done of how much."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield lambda _done, _of: None
        return
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task(title, total=None)

        def told(done: int, of: int) -> None:
            progress.update(task, completed=done, total=max(of, 1))

        yield told
