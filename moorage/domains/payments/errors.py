"""What payments refuse. SQL names the code; the sentence here is said where SQL gives none."""

from moorage.kernel.errors import InvalidError, MoorageError


class NotRefundableError(MoorageError):
    """This payment has collected nothing that could be given back."""

    code = "not_refundable"
    kind = "conflict"


class RefundExceedsPaymentError(MoorageError):
    """That is more than is left to refund."""

    code = "refund_exceeds_payment"
    kind = "conflict"


class PaymentDisputedError(MoorageError):
    """This payment is disputed: the provider holds the money until it is decided."""

    code = "payment_disputed"
    kind = "conflict"


class PaymentBusyError(MoorageError):
    """The provider is being asked about this payment at this moment; try again shortly."""

    code = "payment_busy"
    kind = "conflict"


class MethodNotSupportedError(InvalidError):
    """This provider takes no payment method by name; its checkout page does."""

    code = "method_not_supported"


class AmountMismatchError(InvalidError):
    """The amount is not what is owed."""

    code = "amount_mismatch"


class PriceNotRecurringError(InvalidError):
    """A subscription is of prices that are paid by the period, each of one amount, and all by the same period."""

    code = "price_not_recurring"


class OverpaymentError(InvalidError):
    """That is more than is owed."""

    code = "overpayment"


class NotByHandError(MoorageError):
    """This payment is its provider's to move."""

    code = "not_by_hand"
    kind = "conflict"


class CaptureExceedsAuthorizationError(InvalidError):
    """That is more than was reserved."""

    code = "capture_exceeds_authorization"


class PaymentIdTakenError(MoorageError):
    """A payment with this payment_id has been recorded already."""

    code = "payment_id_taken"
    kind = "conflict"


class CheckoutSessionIdTakenError(MoorageError):
    """A payment with this checkout_session_id has been recorded already."""

    code = "checkout_session_id_taken"
    kind = "conflict"


class InvalidTransitionError(MoorageError):
    """A payment in this state does not go there."""

    code = "invalid_transition"
    kind = "conflict"


class ImmutableFieldError(MoorageError):
    """This is fixed once it has been recorded."""

    code = "immutable_field"
    kind = "conflict"
