"""${message}

The rule of deploys: the version that runs now and the version that comes next share this database for a while, and
either may be stopped at any moment. So a migration only adds, and only what the running version can live without:

- A new column is nullable or has a constant default. A new constraint is added NOT VALID and validated in a later
  migration. A new index on a table with rows is made CONCURRENTLY, in a migration of its own.
- A column, table or function that is no longer used is removed one release after the last one that used it. A rename
  is an addition, a copy and, one release later, a removal.
- Rows are rewritten in batches by a job, not here.
- No lock is waited for longer than below: everybody else who needs that table waits behind the migration.
- `downgrade` brings back the tables; it may lose what only the newer version knew, and says so here.

Functions, views, triggers and policies are not written here: they lie in the `*.sql` files beside their domain and are
applied after the migrations (docs/decisions).
"""

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("SET LOCAL statement_timeout = '5min'")
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("SET LOCAL statement_timeout = '5min'")
    ${downgrades if downgrades else "pass"}
