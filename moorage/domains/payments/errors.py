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


class CaptureExceedsAuthorizationError(InvalidError):
    """That is more than was reserved."""

    code = "capture_exceeds_authorization"
