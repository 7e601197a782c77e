"""Format 1 of the ledger's tables, the first."""

from stampledger.migrations import revising

revision = "stampledger_1"
down_revision = None
branch_labels: tuple[str, ...] = ("stampledger",)
depends_on = None


def upgrade() -> None:
    """Make the tables of format 1."""
    revising.upgrade(1)


def downgrade() -> None:
    """Refuse."""
    revising.downgrade()
