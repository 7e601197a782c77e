"""stampledger: stamp cards whose Journal is the truth.

Open a `Ledger`, write with its verbs, and read as of any moment with `Ledger.at`. The facts themselves are the classes
of `stampledger.events`; every rule that can say no is a class of `stampledger.refusals`.

A name is loaded when it is first asked for: the command line answers before a database library is imported.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stampledger.batches import Batch, Move
    from stampledger.errors import (
        BusinessNotFound,
        CardNotFound,
        Conflict,
        Corrupt,
        CustomerNotFound,
        FollowerAhead,
        IdempotencyKeyReused,
        InvalidInput,
        InvalidRows,
        LoginRefused,
        NotALedger,
        NotFound,
        OutcomeUnknown,
        Refused,
        RewardNotFound,
        RightsMissing,
        RowProblem,
        ScanNotFound,
        SchemaTooNew,
        SchemaTooOld,
        StampledgerError,
        StatementTimedOut,
        StorageError,
        StorageFull,
        StorageReadOnly,
        StorageUnreachable,
        TemplateNotFound,
        UnknownEvent,
        UnsafeDurability,
    )
    from stampledger.following import EntryBatch, Follower
    from stampledger.ledger import Ledger
    from stampledger.lookup import Moment
    from stampledger.paging import Page
    from stampledger.projections import (
        Activity,
        ActivitySpan,
        Answer,
        CardStatus,
        CardView,
        Change,
        CustomerChanged,
        CustomerGone,
        CustomerInfo,
        CustomerView,
        CycleMoved,
        Entry,
        ExpiryMoved,
        Fault,
        HolderMoved,
        JournalRow,
        LastStampMoved,
        Liability,
        LotteryDrawn,
        NextRewardMoved,
        OwedRewards,
        Period,
        PlatformRemoved,
        PlatformSaved,
        Progress,
        RemainderMoved,
        RewardCame,
        RewardExpired,
        RewardGone,
        RewardRedeemed,
        RewardRestored,
        RewardReversed,
        RewardTakenBack,
        RewardView,
        StampsMoved,
        StatusMoved,
        TemplateInfo,
        TemplateMoved,
        Verification,
        WaitingMoved,
        changes,
    )
    from stampledger.receipts import Columns, Receipts
    from stampledger.render import CustomerPage
    from stampledger.rewards import RewardKind, RewardStatus
    from stampledger.values import (
        AfterLastGoal,
        Award,
        BirthdayGift,
        Brand,
        CardTemplate,
        Channel,
        CodeScope,
        Goal,
        LeapDay,
        Limits,
        Lottery,
        MessageChannel,
        OnVoid,
        OverCap,
        Overflow,
        PerAmount,
        Person,
        Platform,
        Variant,
        Voucher,
    )
    from stampledger.view import Scan, View
    from stampledger.whatif import CardDifference, CardOutcome, RewardCounts, RewardDifference, WhatIf

__all__ = [
    "Activity",
    "ActivitySpan",
    "AfterLastGoal",
    "Answer",
    "Award",
    "Batch",
    "BirthdayGift",
    "Brand",
    "BusinessNotFound",
    "CardDifference",
    "CardNotFound",
    "CardOutcome",
    "CardStatus",
    "CardTemplate",
    "CardView",
    "Change",
    "Channel",
    "CodeScope",
    "Columns",
    "Conflict",
    "Corrupt",
    "CustomerChanged",
    "CustomerGone",
    "CustomerInfo",
    "CustomerNotFound",
    "CustomerPage",
    "CustomerView",
    "CycleMoved",
    "Entry",
    "EntryBatch",
    "ExpiryMoved",
    "Fault",
    "Follower",
    "FollowerAhead",
    "Goal",
    "HolderMoved",
    "IdempotencyKeyReused",
    "InvalidInput",
    "InvalidRows",
    "JournalRow",
    "LastStampMoved",
    "LeapDay",
    "Ledger",
    "Liability",
    "Limits",
    "LoginRefused",
    "Lottery",
    "LotteryDrawn",
    "MessageChannel",
    "Moment",
    "Move",
    "NextRewardMoved",
    "NotALedger",
    "NotFound",
    "OnVoid",
    "OutcomeUnknown",
    "OverCap",
    "Overflow",
    "OwedRewards",
    "Page",
    "PerAmount",
    "Period",
    "Person",
    "Platform",
    "PlatformRemoved",
    "PlatformSaved",
    "Progress",
    "Receipts",
    "Refused",
    "RemainderMoved",
    "RewardCame",
    "RewardCounts",
    "RewardDifference",
    "RewardExpired",
    "RewardGone",
    "RewardKind",
    "RewardNotFound",
    "RewardRedeemed",
    "RewardRestored",
    "RewardReversed",
    "RewardStatus",
    "RewardTakenBack",
    "RewardView",
    "RightsMissing",
    "RowProblem",
    "Scan",
    "ScanNotFound",
    "SchemaTooNew",
    "SchemaTooOld",
    "StampledgerError",
    "StampsMoved",
    "StatementTimedOut",
    "StatusMoved",
    "StorageError",
    "StorageFull",
    "StorageReadOnly",
    "StorageUnreachable",
    "TemplateInfo",
    "TemplateMoved",
    "TemplateNotFound",
    "UnknownEvent",
    "UnsafeDurability",
    "Variant",
    "Verification",
    "View",
    "Voucher",
    "WaitingMoved",
    "WhatIf",
    "changes",
]

if not TYPE_CHECKING:  # So that a misspelt name stays an error for type checkers.
    # From the lowest floor upwards; a module that only imports a name gives the same object.
    _HOMES = (
        "errors", "values", "rewards", "projections", "lookup", "paging", "following", "render", "view", "batches",
        "receipts", "whatif", "ledger",
    )  # fmt: skip

    def __getattr__(name: str) -> object:
        """Load a public name from its home."""
        if name in __all__:
            for home in _HOMES:
                module = import_module(f"stampledger.{home}")
                if hasattr(module, name):
                    found = globals()[name] = getattr(module, name)
                    return found
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def __dir__() -> list[str]:
        """Answer the public names, loaded or not."""
        return sorted({*globals(), *__all__})
