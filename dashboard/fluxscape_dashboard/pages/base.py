"""What every page is: three zones over one session state, and the services it may ask for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from fluxscape_dashboard.state import AppState
from fluxscape_dashboard.text import bound, t

if TYPE_CHECKING:
    from fluxscape_dashboard.jobs import JobPool

Viewable = Any
"""A Panel object; Panel ships no types."""


class Notify(Protocol):
    """Shows a short message of the text catalogue to the user of this session."""

    def __call__(self, kind: str, key: str, **values: object) -> None:
        """Show text ``key``; ``kind`` is ``info``, ``success``, ``warning`` or ``error``."""


@dataclass(frozen=True)
class Services:
    """What a page may ask of its surroundings.

    Attributes
    ----------
    jobs
        The pool of worker processes, shared by all sessions.
    session
        Name of this session, for :meth:`JobPool.submit`.
    notify
        ``notify("error", "common.notice_no_tower", tower=…)`` shows a message.
    on_close
        Registers a function that runs once when the session ends: cancel jobs, drop files.
    """

    jobs: JobPool
    session: str
    notify: Notify
    on_close: Callable[[Callable[[], None]], None]


class PageView(ABC):
    """One page. It is built when first shown and kept until the session ends.

    The three zones are asked for once, in the order selectors, display, details. Afterwards the
    page follows the parameters of its state; while hidden it should not compute.
    """

    key: ClassVar[str]
    """Key of the page in the address."""

    def __init__(self, state: AppState, services: Services) -> None:
        self.state = state
        self.services = services

    @abstractmethod
    def selectors(self) -> Viewable:
        """Return what the user chooses with: the left zone."""

    @abstractmethod
    def display(self) -> Viewable:
        """Return the figures: the zone in the middle."""

    @abstractmethod
    def details(self) -> Viewable:
        """Return the description, the legend and the provenance: the right zone."""

    def on_show(self) -> None:  # noqa: B027 - most pages need nothing more
        """Bring the page up to the present state; called on every visit."""

    def on_hide(self) -> None:  # noqa: B027 - most pages hold nothing to stop
        """Stop what only a visible page needs."""

    def change(self, **values: object) -> None:
        """Set parameters of the state."""
        self.state.param.update(**values)

    def t(self, key: str, **values: object) -> str:
        """Return a text in the present language."""
        return t(key, self.state.lang, **values)

    def bound(self, key: str, **values: object) -> Any:
        """Return a text for a label; it follows the language."""
        return bound(key, self.state.param.lang, **values)
