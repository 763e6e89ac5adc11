"""The cells of a simulation: in a terminal a bar each and the time left over all, in a log a line
where something changed."""

import threading
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from workers.simulation.cell import Cell


class Bars:
    """Context manager; ``tell`` may be called from any thread."""

    def __init__(self, console: Console, cells: Sequence[Cell]) -> None:
        self._console = console
        # Not Console.is_terminal, which is also true of a log where colours are forced.
        isatty = getattr(console.file, "isatty", None)
        self._live = bool(isatty and isatty())
        self._said: dict[str, str] = {}
        self._began = time.monotonic()
        self._lock = threading.Lock()
        self._done = {cell.key: 0.0 for cell in cells}
        self._cached = 0.0
        self._bars: dict[str, TaskID] = {}
        self._progress = Progress(
            TextColumn("{task.description:<42}"),
            BarColumn(24),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeElapsedColumn(),
            TextColumn("{task.fields[words]}"),
            console=console,
            disable=not self._live,
        )
        self._all = self._progress.add_task("all cells", total=float(len(cells)), words="")

    def tell(self, cell: Cell, news: dict[str, Any]) -> None:
        """News of a cell, as the pool gives it."""
        with self._lock:
            state = news.get("state")
            if state == "cached":
                self._done[cell.key] = 1.0
                self._cached += 1.0
                self._say(cell, "played before.")
            elif state == "begun":
                self._bars[cell.key] = self._progress.add_task(cell.words, total=1.0, words="")
            elif state == "ended":
                self._done[cell.key] = 1.0
                self._say(cell, ", ".join(filter(None, ("ended", self._left()))))
                self._progress.remove_task(self._bars.pop(cell.key))
            elif "done" in news:
                self._done[cell.key] = float(news["done"])
                words = f"{100 * news['shown']:.1f} % shown, Dice {news['dice']:.3f}"
                self._say(cell, words)
                if cell.key in self._bars:
                    self._progress.update(
                        self._bars[cell.key], completed=float(news["done"]), words=words
                    )
            self._progress.update(self._all, completed=sum(self._done.values()), words=self._left())

    def _left(self) -> str:
        done = sum(self._done.values()) - self._cached
        rest = len(self._done) - self._cached - done
        if done < 0.05 or rest <= 0:
            return ""
        minutes = (time.monotonic() - self._began) * rest / done / 60
        return f"about {minutes:.0f} min left" if minutes >= 1.5 else "about a minute left"

    def _say(self, cell: Cell, words: str) -> None:
        """A line of a log; none where it would repeat the cell's last."""
        if not self._live and self._said.get(cell.key) != words:
            self._said[cell.key] = words
            self._console.print(f"{cell.words}: {words}", highlight=False, soft_wrap=True)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()
