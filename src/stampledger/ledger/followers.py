"""Those who follow the Journal."""

from collections.abc import Sequence

from stampledger.errors import InvalidInput
from stampledger.following import POLL, Follower
from stampledger.view import View


class Followers(View):
    """What a ledger offers to whoever keeps something of their own in step with it."""

    def follow(
        self,
        name: str | None = None,
        *,
        kinds: Sequence[str] | None = None,
        after: int = 0,
        wait: float | None = None,
        poll: float = POLL,
    ) -> Follower:
        """Answer a follower of the Journal, to be looped over: entry by entry, or by its `batches`.

        It goes on where the one of this name stopped, in whatever process that was. Two at once under one name do not
        share the work: the slower one gets a `Conflict`.

        Args:
            name: Under what its position is kept, in the ledger's database. Without a name the caller keeps it.
            kinds: The kinds of entries wanted, such as ("stamp_added",). The position moves past all others, too.
            after: The entry after which one begins that has no position yet; `ledger.seq` is from now on.
            wait: The seconds to wait for another entry before the loop ends; 0 ends it when everything is read. None
                waits for ever.
            poll: The seconds after which an entry of another process is seen at the latest. The ledgers of the same
                process wake a follower at once.

        Raises:
            InvalidInput: An argument is none, or this ledger is in the caller's transaction.
        """
        if self._store.is_bound:
            raise InvalidInput("follow", "using(connection)", "must be asked of a ledger outside of a transaction")
        return Follower(self._store, name, kinds, after, wait, poll)

    def followers(self) -> dict[str, int]:
        """Answer the name of each follower, and the last entry that it has done with."""
        with self._store.reading() as session:
            return dict(session.all(session.sql.followers))
