"""What can go wrong, sorted by what the caller does next.

    StampledgerError
    ├── Refused             tell the person: a rule of the programme says no; one class a rule, in `refusals`
    │   ├── CodeAlreadyUsed · ScanLimitReached · DailyLimitReached · RollingLimitReached · IntervalNotOver
    │   ├── CardIsClosed · CardIsHeld · CardNotYetIssued · CardIsExpired · CardIsDeleted
    │   ├── VoucherIsRedeemed · VoucherIsExpired · VoucherIsVoided · VoucherNotRedeemed
    │   ├── LotteryIsPlayed · LotteryIsVoided
    │   ├── RewardIsRedeemed · FurtherFromReward
    │   └── CustomerIsForgotten
    ├── NotFound            look again: no such card, customer, template, reward, scan or campaign here
    ├── InvalidInput        fix the call: names the field and shows the value
    │   ├── IdempotencyKeyReused
    │   └── InvalidRows     fix the file: every bad row with its line and column
    ├── Conflict            already retried: try later
    ├── OutcomeUnknown      retry with the same idempotency key
    ├── StorageError        mend the database: the next call works once the cause is gone
    │   ├── StorageUnreachable · LoginRefused · RightsMissing · StatementTimedOut
    │   ├── StorageFull · StorageReadOnly · UnsafeDurability
    │   └── NotALedger · SchemaTooNew · SchemaTooOld
    ├── Corrupt             stop and look: names business, stream and seq
    │   └── UnknownEvent
    └── FollowerAhead       stop and look, then reset: the Journal ends before what was followed

Every class has a stable `code`, which is also what a `StampRejected` keeps as its rule.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar
from uuid import UUID

import attrs

SHOWN_MAX = 80


def shown(value: object) -> str:
    """Show *value* in a message: its repr, cut to a length a log line can bear."""
    try:
        text = repr(value[:SHOWN_MAX] if isinstance(value, str | bytes) else value)
    except Exception:
        text = f"<{type(value).__name__}>"
    return text if len(text) <= SHOWN_MAX else text[: SHOWN_MAX - 1] + "…"


class StampledgerError(Exception):
    """Everything this library raises on purpose."""

    code: ClassVar[str] = "error"


# Refused: tell the person.


@attrs.frozen
class Refused(StampledgerError):
    """A rule of the programme forbids it; the sentence can be read to the customer."""

    seq: int | None = attrs.field(default=None, kw_only=True)  # The entry that recorded it, where one did.
    code = "refused"

    @property
    def retry_at(self) -> datetime | None:
        """When the same wish may be granted, where time will help; None where it will not."""
        return None


# NotFound: look again.


@attrs.frozen
class NotFound(StampledgerError):
    """No such thing in this business; another business's things are answered in the same way."""

    key: object
    code = "not_found"
    noun: ClassVar[str] = "thing"

    def __str__(self) -> str:
        return f"no {self.noun} {shown(self.key)} in this business"


class CardNotFound(NotFound):
    """No such stamp card."""

    code = "card_not_found"
    noun = "card"


class CustomerNotFound(NotFound):
    """No such customer."""

    code = "customer_not_found"
    noun = "customer"


class TemplateNotFound(NotFound):
    """No such card template, or no such version of it."""

    code = "template_not_found"
    noun = "card template"


class RewardNotFound(NotFound):
    """No such voucher or lottery."""

    code = "reward_not_found"
    noun = "reward"


class BusinessNotFound(NotFound):
    """No such business in this database."""

    code = "business_not_found"
    noun = "business"

    def __str__(self) -> str:
        return f"no business {shown(self.key)} in this database"


class ScanNotFound(NotFound):
    """No such entry in the Journal."""

    code = "scan_not_found"
    noun = "scan"


# InvalidInput: fix the call.


@attrs.frozen
class InvalidInput(StampledgerError):
    """A value cannot be accepted; nothing was written."""

    field: str
    value: object
    reason: str
    code = "invalid_input"

    def __str__(self) -> str:
        is_missing = self.value is None or (isinstance(self.value, str) and not self.value)
        return f"{self.field}: {self.reason}" + ("" if is_missing else f", not {shown(self.value)}")


@attrs.frozen
class IdempotencyKeyReused(InvalidInput):
    """The idempotency key belongs to an earlier, different request."""

    first_seq: int
    code = "idempotency_key_reused"

    def __str__(self) -> str:
        return f"{self.field}: {shown(self.value)} {self.reason} (entry {self.first_seq})"


@attrs.frozen
class RowProblem:
    """One thing wrong with one row of a file."""

    line: int
    column: str
    value: str
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}, {self.column}: {self.reason}, not {shown(self.value)}"


@attrs.frozen
class InvalidRows(InvalidInput):
    """A file has rows that cannot be accepted; nothing of it was written."""

    rows: Sequence[RowProblem]
    code = "invalid_rows"

    def __str__(self) -> str:
        return "\n".join([f"{self.field}: {self.reason}", *map(str, self.rows)])


# Conflict, OutcomeUnknown, StorageError: the database.


@attrs.frozen
class Conflict(StampledgerError):
    """Another writer was first, several times over; try again later."""

    reason: str
    taken: bool = False  # It is about a key that is there already, and not about a lock.
    code = "conflict"

    def __str__(self) -> str:
        return self.reason


@attrs.frozen
class OutcomeUnknown(StampledgerError):
    """The database broke off while committing; retry with the same idempotency key to learn what happened."""

    reason: str
    code = "outcome_unknown"

    def __str__(self) -> str:
        return f"{self.reason}; it may or may not have been written: retry with the same idempotency key"


@attrs.frozen
class StorageError(StampledgerError):
    """The database cannot be used as it is."""

    reason: str
    code = "storage_error"

    def __str__(self) -> str:
        return self.reason


class StorageUnreachable(StorageError):
    """The database server does not answer, or broke off before anything was committed."""

    code = "storage_unreachable"


class LoginRefused(StorageError):
    """The database server does not let this user in."""

    code = "login_refused"


class RightsMissing(StorageError):
    """The database user may not do what the ledger has to do."""

    code = "rights_missing"


class StatementTimedOut(StorageError):
    """A statement took longer than the database allows; nothing was written."""

    code = "statement_timed_out"


class StorageFull(StorageError):
    """There is no room left; nothing was written, and the next call works once there is room."""

    code = "storage_full"


class StorageReadOnly(StorageError):
    """The database may be read but not written."""

    code = "storage_read_only"


class NotALedger(StorageError):
    """The file is not a database, or not one of ours."""

    code = "not_a_ledger"


class SchemaTooNew(StorageError):
    """The tables were made by a newer stampledger than this one."""

    code = "schema_too_new"


class SchemaTooOld(StorageError):
    """The tables were made by an older stampledger: `stampledger db upgrade` brings them up to date."""

    code = "schema_too_old"


class UnsafeDurability(StorageError):
    """The database does not promise to keep what it acknowledges, and nobody asked for less."""

    code = "unsafe_durability"


@attrs.frozen
class Corrupt(StampledgerError):
    """What is stored cannot be what was written; stop and look."""

    business: str
    stream: UUID | None
    seq: int | None
    reason: str
    code = "corrupt"

    def __str__(self) -> str:
        return f"business {self.business}, stream {self.stream}, entry {self.seq}: {self.reason}"


class UnknownEvent(Corrupt):
    """An entry is of a kind or version that this release does not know."""

    code = "unknown_event"


@attrs.frozen
class FollowerAhead(StampledgerError):
    """A follower stands at an entry that the Journal does not have: an older backup was restored, or it is another one.

    What it has handled beyond the Journal's end never happened; what comes will bear the same numbers.
    """

    name: str | None  # None where the position is the caller's own.
    seq: int
    head: int
    code = "follower_ahead"

    def __str__(self) -> str:
        who = "a follower" if self.name is None else f"the follower {shown(self.name)}"
        return (
            f"{who} stands at entry {self.seq}, and the Journal ends at {self.head}, as after an older backup was "
            "restored: take back what it made of later entries, and reset it"
        )
