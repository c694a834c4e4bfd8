"""What the ledger refuses."""

from moorage.kernel.errors import MoorageError


class InsufficientBalanceError(MoorageError):
    """The balance does not suffice."""

    code = "insufficient_balance"
    kind = "conflict"


class UnbalancedTransactionError(MoorageError):
    """A transaction has two or more entries that sum to zero."""

    code = "unbalanced_transaction"


class UnknownAccountError(MoorageError):
    """There is no account of that name."""

    code = "unknown_account"
