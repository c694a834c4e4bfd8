"""The audit log: who did what to what, on whose behalf. Append-only: a row once written stays as it is.

Written by SQL functions alone (`record_action`), in the transaction of the action itself, so that an action without
its row, or a row without its action, cannot be.
"""

from moorage.domains.audit.queries import Action, list_actions

__all__ = ["Action", "list_actions"]
