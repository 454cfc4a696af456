"""The one way to the terminal: nothing that a device said is markup there, or steers it.

Commands are a `OurCommand`, and draw with a `Terminal`; `test_house` sees to it.
"""

import sys
from collections.abc import Iterator
from typing import Any, TextIO

from django.core.management.base import BaseCommand, OutputWrapper
from rich.console import Console, ConsoleOptions, RenderableType
from rich.progress import TextColumn
from rich.segment import Segment
from rich.text import Text

from devices.texts import seen


class Terminal(Console):
    """Tables, bars and lines."""

    def __init__(self, file: TextIO | None = None) -> None:
        super().__init__(file=file or sys.stdout, markup=False, emoji=False, highlight=False)

    def render_str(self, text: str, **options: Any) -> Text:
        """Before it is measured."""
        return super().render_str(seen(text), **options)

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterator[Segment]:
        """All that is drawn comes through here. What moves the cursor is rich's own, no text."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(seen(segment.text), segment.style)


class PlainColumn(TextColumn):
    """A column of a bar, whose text is never markup."""

    def __init__(self, text: str) -> None:
        super().__init__(text, markup=False)


class OurCommand(BaseCommand):
    """What it writes and what it fails of pass the same gate."""

    def __init__(
        self, stdout: TextIO | None = None, stderr: TextIO | None = None, **options: Any
    ) -> None:
        super().__init__(stdout, stderr, **options)
        self.stderr = CleanWrapper(stderr or sys.stderr)

    def execute(self, *args: Any, **options: Any) -> Any:
        """Django takes what it is given here for its own."""
        for name in ("stdout", "stderr"):
            options[name] = CleanWrapper(options.get(name) or getattr(sys, name))
        return super().execute(*args, **options)


class CleanWrapper(OutputWrapper):
    def write(  # type: ignore[override]  # as Django's own
        self, msg: str = "", style_func: Any = None, ending: str | None = None
    ) -> None:
        super().write(seen(msg), style_func, ending)
