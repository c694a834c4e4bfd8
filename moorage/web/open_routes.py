"""The operations that anybody may call, in one place. Everything else needs an access token; a test holds every route
against this list.
"""

from typing import Final

# Public content: what a visitor sees before signing in. A token may be sent along, and then has to be valid.
PUBLIC: Final = frozenset(
    {
        "practitioners_list",
        "practitioners_read",
        "practitioners_services",
        "practitioners_availability",
        "practitioners_schedule_read",
        "services_list",
        "services_read",
        "services_categories",
        "services_schedule_read",
        "practice_services_list",
        "practice_trainings_list",
        # Anybody opens an account for themselves; for others, and in other roles, administrators.
        "practice_users_create",
    }
)
# Somebody without an account pays, where ALLOW_GUEST_PAYMENTS lets them.
GUESTS: Final = frozenset({"practice_payments_start", "practice_payments_start_intent"})
# Ways in: they take a password, a token or a link instead.
WAYS_IN: Final = frozenset(
    {
        "auth_register",
        "auth_login",
        "catering_auth_login",
        "auth_token_refresh",
        "auth_password_reset",
        "auth_password_reset_confirm",
        "auth_verify_email",
        "auth_verify_email_resend",
        "sign_in_link_page",
        "sign_in_link_use",
        "verify_email_page",
        "verify_email_use",
        "reset_password_page",
        "reset_password_use",
        "portal_ask",
        "portal_mail",
    }
)
# A signature or a key in the address stands for the caller.
SIGNED: Final = frozenset(
    {
        "practice_stripe_webhook",
        "practice_paypal_webhook",
        "webhooks_receive",
        "catering_webhook",
        "sandbox_page",
        "sandbox_page_pay",
        "sandbox_connect",
        "sandbox_connect_confirm",
        "invoice_page",
        "invoice_pdf",
        "invoice_pay",
        "quote_page",
        "quote_accept",
        "quote_decline",
        "quote_bill",
        "portal_page",
        "portal_pay",
        "portal_end",
        "pay_page",
        "pay_confirm",
    }
)
# About this installation itself. The outbox is there in development alone.
OPERATIONS: Final = frozenset(
    {
        "health",
        "pay_script",
        "metrics",
        "openapi",
        "openapi_of_contract",
        "reference",
        "reference_elsewhere",
        "reference_errors",
        "reference_topic",
        "home",
        "icon",
        "stylesheet",
        "outbox",
    }
)
# The sandbox provider's own API has API keys of its own.
OTHER_KEYS_PREFIX: Final = "sandbox_"

OPEN: Final = PUBLIC | GUESTS | WAYS_IN | SIGNED | OPERATIONS
