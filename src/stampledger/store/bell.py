"""A bell in this process, for whoever waits for new entries of a Journal; other processes do not hear it."""

import threading
import weakref


class Bell:
    """Rung after every commit; each who waits is told by an event of their own."""

    def __init__(self) -> None:
        self.waiting: frozenset[threading.Event] = frozenset()
        self._lock = threading.Lock()

    def ring(self) -> None:
        """Wake everybody."""
        for event in self.waiting:
            event.set()

    def wait_for(self, event: threading.Event) -> None:
        """Wake an event from now on."""
        with self._lock:
            self.waiting |= {event}

    def forget(self, event: threading.Event) -> None:
        """Wake an event no more."""
        with self._lock:
            self.waiting -= {event}


_bells: "weakref.WeakValueDictionary[tuple[object, ...], Bell]" = weakref.WeakValueDictionary()
_lock = threading.Lock()


def of(*journal: object) -> Bell:
    """Answer the one bell of a Journal, however many stores of this process have it open."""
    with _lock:
        return _bells.setdefault(journal, Bell())
