"""The ledger's tables beside a user's own, in one Alembic environment.

Name `stampledger:migrations/versions` among the environment's `version_locations`: its revisions are a branch of their
own, labelled `stampledger`, which depends on nothing. Importing this loads no Alembic.
"""

from collections.abc import Callable, Mapping
from typing import Any

from stampledger.store.migrations.tables import names
from stampledger.store.schema import DEFAULT_PREFIX

IncludeName = Callable[[str | None, Any, Mapping[Any, str | None]], bool]


def including(prefix: str = DEFAULT_PREFIX, schema: str | None = None, also: IncludeName | None = None) -> IncludeName:
    """Answer an `include_name` for Alembic's `context.configure` that leaves the ledger's tables to the ledger.

    Without it, autogenerate would propose to drop them, since they are in no metadata of the user's. Of other names,
    *also* decides where it is given.

    Raises:
        InvalidInput: The prefix or the schema is no name.
    """
    ours = names(prefix, schema)

    def include_name(name: str | None, kind: Any, parents: Mapping[Any, str | None]) -> bool:
        if kind == "table" and name in ours and parents.get("schema_name") == schema:
            return False
        return also is None or also(name, kind, parents)

    return include_name


include_name: IncludeName = including()  # For tables that are called as they are unless told otherwise.
