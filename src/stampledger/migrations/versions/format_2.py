"""Format 2 of the ledger's tables: on servers too, with an index for search and a table for mentions of codes."""

from stampledger.migrations import revising

revision = "stampledger_2"
down_revision = "stampledger_1"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables from format 1 to format 2."""
    revising.upgrade(2)


def downgrade() -> None:
    """Refuse."""
    revising.downgrade()
