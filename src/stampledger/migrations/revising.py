"""What each revision does: the very step that `stampledger db upgrade` takes, on Alembic's connection."""

from typing import Any

from alembic import op
from alembic.util import CommandError

from stampledger.store.migrations import tables
from stampledger.store.schema import DEFAULT_PREFIX


def upgrade(number: int) -> None:
    """Bring the tables to a format; where they have it already, as a ledger that was opened before, do nothing."""
    context = op.get_context()
    named = _named(context.config)
    if context.as_sql:
        for statement in tables.step(context.dialect.name, number, **named):
            op.execute(statement)
    else:
        tables.upgrade_within(op.get_bind(), number, **named)


def downgrade() -> None:
    """Refuse: what a step dropped or changed is not there any more.

    Raises:
        CommandError: Always; Alembic shows it in one line.
    """
    raise CommandError("the ledger's tables have no way back to an older format; restore a backup")


def _named(config: Any) -> dict[str, Any]:
    """Answer what the tables are called: by the environment's attributes, or by the main section of its file."""
    told = {} if config is None else dict(config.attributes.get("stampledger", {}))
    if config is not None:
        for name in ("prefix", "schema"):
            told.setdefault(name, config.get_main_option(f"stampledger_{name}"))
    return {"prefix": told.get("prefix") or DEFAULT_PREFIX, "schema_name": told.get("schema") or None}
