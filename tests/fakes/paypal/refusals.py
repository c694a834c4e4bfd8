"""How PayPal says no, in its own published sentences."""

from typing import Any

_NAMES = {
    400: ("INVALID_REQUEST", "Request is not well-formed, syntactically incorrect, or violates schema."),
    401: (
        "AUTHENTICATION_FAILURE",
        "Authentication failed due to missing authorization header, or invalid authentication credentials.",
    ),
    404: ("RESOURCE_NOT_FOUND", "The specified resource does not exist."),
    422: (
        "UNPROCESSABLE_ENTITY",
        "The requested action could not be performed, semantically incorrect, or failed business validation.",
    ),
    429: ("RATE_LIMIT_REACHED", "Too many requests. Blocked due to rate limiting."),
    500: ("INTERNAL_SERVER_ERROR", "An internal server error has occurred."),
}
_SENTENCES = {
    "ACTION_DOES_NOT_MATCH_INTENT": "Order was created with an intent to 'CAPTURE'. Please use v2/checkout/orders/"
    "order_id/capture to complete the transaction or alternately Create an order with an intent of 'AUTHORIZE'.",
    "AUTHORIZATION_ALREADY_CAPTURED": "Authorization has previously been captured.",
    "AUTHORIZATION_VOIDED": "A voided authorization cannot be captured or reauthorized. ",
    "CANNOT_BE_ZERO_OR_NEGATIVE": "Must be greater than zero. If the currency supports decimals, only two decimal place"
    " precision is supported.",
    "CAPTURE_FULLY_REFUNDED": "The capture has already been fully refunded",
    "DECIMAL_PRECISION": "If the currency supports decimals, only two decimal place precision is supported.",
    "INSTRUMENT_DECLINED": "The instrument presented  was either declined by the processor or bank, or it can't be used"
    " for this payment.",
    "INVALID_CURRENCY_CODE": "Currency code is invalid or is not currently supported. Please refer https://developer."
    "paypal.com/api/rest/reference/currency-codes/ for list of supported currency codes.",
    "INVALID_PARAMETER_SYNTAX": "The value of a field does not conform to the expected format.",
    "INVALID_RESOURCE_ID": "Specified resource ID does not exist. Please check the resource ID and try again.",
    "ITEM_TOTAL_MISMATCH": "Should equal sum of (unit_amount * quantity) across all items for a given purchase_unit.",
    "MALFORMED_REQUEST_JSON": "The request JSON is not well formed.",
    "MAX_CAPTURE_AMOUNT_EXCEEDED": "Capture amount exceeds allowable limit. Please contact customer service or your"
    " account manager to request the change to your overage limit. The default overage limit is 115%, which allows the"
    " sum of all captures to be up to 115% of the order amount. The ability to over capture is subjected to regulatory"
    " approvals.",
    "MISSING_REQUIRED_PARAMETER": "A required field / parameter is missing.",
    "ORDER_ALREADY_AUTHORIZED": "Order already authorized.If 'intent=AUTHORIZE' only one authorization per order is"
    " allowed.",
    "ORDER_ALREADY_CAPTURED": "Order already captured.If 'intent=CAPTURE' only one capture per order is allowed.",
    "ORDER_NOT_APPROVED": "Payer has not yet approved the Order for payment. Please redirect the payer to the"
    " 'rel':'approve' url returned as part of the HATEOAS links within the Create Order call or provide a valid"
    " `payment_source` in the request.",
    "PAYPAL_REQUEST_ID_REQUIRED": "A PayPal-Request-Id is required if you are trying to process payment for an Order."
    " Please specify a PayPal-Request-Id or Create the Order without a 'payment_source' specified.",
    "PENDING_CAPTURE": "Cannot initiate a refund as the capture is pending. Capture is typically pending when the payer"
    " has funded the transaction using e-check/bank funded.",
    "PREVIOUSLY_CAPTURED": "Authorization has been previously captured and hence cannot be voided.",
    "PREVIOUSLY_VOIDED": "Authorization has been previously voided and hence cannot be voided again.",
    "REFUND_AMOUNT_EXCEEDED": "The refund amount must be less than or equal to the capture amount that has not yet been"
    " refunded.",
    "REFUND_CAPTURE_CURRENCY_MISMATCH": "Refund must be in the same currency as the capture",
    "REFUND_NOT_ALLOWED": "Capture cannot be refunded.",
    "TRANSACTION_DISPUTED": "Partial refunds cannot be offered at this time because there is an open case on this"
    " transaction. Visit the PayPal Resolution Center to review this case.",
}


class Refusal(Exception):  # noqa: N818 - it is an answer, not an accident
    """A call that is refused: the status, and the issue that says why."""

    def __init__(self, status: int, issue: str | None = None, field: str | None = None) -> None:
        super().__init__(issue or str(status))
        self.status, self.issue, self.field = status, issue, field

    def body(self) -> dict[str, Any]:
        told = refusal(self.status)
        if self.issue is not None:
            sentence = _SENTENCES.get(self.issue, self.issue.replace("_", " ").capitalize())
            detail = {"issue": self.issue, "description": sentence}
            if self.field is not None:
                detail |= {"field": self.field, "location": "body"}
            told["details"] = [detail]
        return told


def refusal(status: int) -> dict[str, Any]:
    """An error as PayPal writes it."""
    name, message = _NAMES[status]
    return {"name": name, "message": message, "debug_id": "90957fca61718", "links": []}
