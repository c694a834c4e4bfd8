"""Every setting in one place: read from the environment (and `.env`), each limit named with its unit."""

from pathlib import Path
from typing import Literal
from uuid import UUID

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What an installation decides. Names here are the environment's names in capitals."""

    model_config = SettingsConfigDict(env_file=".env", env_file_encoding="utf-8", extra="ignore", frozen=True)

    environment: Literal["development", "test", "production"] = "development"
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    base_url: str | None = None  # where clients reach this installation; default http://HOST:PORT
    moorage_home: Path = Path("var")
    business_name: str = "Moorage"
    business_timezone: str = "UTC"

    # Database
    database_url: SecretStr | None = None  # not set: the bundled PostgreSQL
    database_owner_url: SecretStr | None = None  # the login that migrates; default DATABASE_URL
    database_pool_size: int = Field(default=10, ge=1)  # connections that are kept, of each of two roles
    database_pool_overflow: int = Field(default=20, ge=0)  # more of them while they are needed
    database_pool_min: int | None = Field(default=None, ge=0)  # opened at the start; default: 1, in production the size
    database_pool_wait_s: float = 5.0
    # Whether a pooler gives each transaction to any session of its own; default: seen at the start.
    database_pooled: bool | None = None
    database_prepared_statements: bool | None = None  # default: not through a pooler; true where the pooler knows them
    statement_timeout_ms: int = 10_000
    lock_timeout_ms: int = 5_000

    # Who may ask
    secret_key: SecretStr | None = None  # signs access tokens; generated into MOORAGE_HOME in development
    previous_secret_key: SecretStr | None = None  # still verifies while keys rotate
    token_issuer: str = "moorage"
    token_audience: str = "moorage"
    access_token_minutes: int = 60
    refresh_token_days: int = 7
    refresh_grace_s: int = 10
    verify_link_hours: int = 48
    reset_link_minutes: int = 60
    sign_in_link_minutes: int = 15
    password_min_length: int = 8
    password_max_length: int = 256
    password_hash_threads: int = 2
    cors_origins: list[str] = []
    trusted_proxies: list[str] = []  # addresses or networks whose X-Forwarded-For is believed

    # Whose tokens are taken besides our own. A site in front of this service signs with SECRET_KEY, or with a secret
    # that is shared for that alone; any other issuer publishes its keys.
    algorithm: Literal["HS256", "HS384", "HS512"] = "HS256"  # of the site's tokens
    external_token_secret: SecretStr | None = None  # default SECRET_KEY
    external_token_issuer: str | None = None  # what `iss` of the site's tokens has to be, where set
    external_token_audience: str | None = None  # the same of `aud`
    external_admin_claims: bool = True  # the site's word on who is an administrator counts
    external_jwks_url: str | None = None  # or a file, of another issuer's published keys
    external_jwks_file: Path | None = None
    external_jwks_issuer: str | None = None  # needed with published keys
    external_jwks_audience: str | None = None
    external_jwks_admin_claims: bool = False
    supabase_url: str | None = None  # https://PROJECT.supabase.co: its tokens are taken
    supabase_anon_key: SecretStr | None = None  # for clients; nothing here needs it
    supabase_jwt_secret: SecretStr | None = None  # where the project signs with its shared secret

    # Limits
    body_max_bytes: int = 1024 * 1024
    json_max_depth: int = 32
    page_size_max: int = 100
    availability_max_days: int = 31
    rate_limit_anonymous_per_hour: int = 100
    rate_limit_user_per_hour: int = 1000
    rate_limit_practitioner_per_hour: int = 2000
    rate_limit_enabled: bool = True
    idempotency_hours: int = 24
    idempotency_lock_s: int = 30
    return_url_hosts: list[str] = []  # besides this installation's own

    # Booking rules
    hold_minutes: int = 15
    catering_service_id: UUID | None = None  # what `/api/bookings` books; default: the only session priced by option
    refund_window_hours: int = 24  # after completion, until a practitioner's earning becomes available
    # Commission of the marketplace: basis points for a practitioner's month up to each threshold (whole units).
    commission_bps: int = 500
    commission_tiers: list[tuple[int, int]] = [(5_000, 400), (10_000, 300)]

    # Payouts to practitioners
    payout_minimum: int = Field(default=50, ge=0)  # the least that is paid out, in whole units of any currency
    payout_weekly: bool = True  # what is available is paid out by itself once a week
    payout_weekday: int = Field(default=0, ge=0, le=6)  # 0 is Monday, in BUSINESS_TIMEZONE

    # Payments
    # Taken where a request names none; by default the first of these whose keys are set, else the sandbox.
    payment_provider: str | None = None
    # How long a payment page waits for its payer, and what is paid for nothing booked; a hold may be over before.
    payment_hours: int = Field(default=24, ge=1, le=720)
    sandbox_in_production: bool = False
    sandbox_webhook_secret: SecretStr | None = None  # generated into MOORAGE_HOME where not set
    sandbox_previous_webhook_secret: SecretStr | None = None  # still signs and verifies while secrets rotate
    sandbox_api_key: SecretStr | None = None
    sandbox_fee_bps: int = 0  # what the sandbox keeps of a charge, as other gateways do
    sandbox_fee_fixed_minor: int = 0
    # Each provider is on when its keys are set, all of them or none. The base addresses are for a trial against another
    # server than the provider's own.
    stripe_secret_key: SecretStr | None = None
    stripe_publishable_key: str | None = None
    stripe_webhook_secret: SecretStr | None = None
    stripe_previous_webhook_secret: SecretStr | None = None
    stripe_connect_webhook_secret: SecretStr | None = None  # of the endpoint for events of payees' accounts
    stripe_base_url: str | None = None
    stripe_automatic_tax: bool = False
    paypal_client_id: str | None = None
    paypal_client_secret: SecretStr | None = None
    paypal_webhook_id: str | None = None
    paypal_mode: Literal["sandbox", "live"] = "sandbox"
    paypal_base_url: str | None = None
    paypal_verifies_webhooks: bool = False  # PayPal is asked about each event's signature; else it is checked here
    paypal_ca_file: Path | None = None  # the roots that sign webhooks, in a trial against another server
    square_access_token: SecretStr | None = None
    square_location_id: str | None = None
    square_application_id: str | None = None
    square_webhook_signature_key: SecretStr | None = None
    square_webhook_url: str | None = None  # as registered there; default BASE_URL/webhooks/square
    square_merchant_id: str | None = None  # events of any other merchant are parked; unset: of none
    square_mode: Literal["sandbox", "live"] = "sandbox"
    square_base_url: str | None = None
    razorpay_key_id: str | None = None
    razorpay_key_secret: SecretStr | None = None
    razorpay_webhook_secret: SecretStr | None = None
    razorpay_account_id: str | None = None  # acc_…: events of any other account are parked; unset: of none
    razorpay_base_url: str | None = None
    allow_guest_payments: bool | None = None  # default: on in development, off in production
    provider_timeout_s: float = 10.0
    webhook_tolerance_s: int = 300
    webhook_attempts: int = 12

    # Invoices, quotes and tax
    invoice_series: str = Field(default="INV", pattern=r"^[A-Z0-9][A-Z0-9/-]{0,15}$")  # numbers: INV-00001, …
    # The provider that hosts them besides, such as stripe; not set: they are seen and paid on our own page alone.
    invoices_hosted_by: str = ""
    invoice_days_until_due: int = Field(default=7, ge=0, le=366)
    invoice_reminder_days: list[int] = [-3, 0, 7]  # from the due date; below zero: before it
    quote_days: int = Field(default=14, ge=1, le=366)
    tax_country: str | None = Field(
        default=None, pattern=r"^[A-Z]{2}$"
    )  # whose rate of the table applies; not set: no tax
    tax_region: str = ""
    business_address: str = ""  # stands on invoices, lines parted by \n
    business_tax_id: str = ""
    portal_link_hours: int = Field(default=24, ge=1, le=720)

    # Mail
    smtp_host: str | None = None  # not set: mails are kept in the outbox
    smtp_port: int = 587
    smtp_username: str | None = None
    smtp_password: SecretStr | None = None
    smtp_starttls: bool = True
    smtp_timeout_s: float = 15.0
    mail_from: str = "Moorage <bookings@localhost>"

    # Operations
    log_level: str = "INFO"
    log_dir: Path | None = None  # app.log (all) and errors.log (errors) there, rotating; in development in MOORAGE_HOME
    log_file_max_mib: int = Field(default=50, ge=1)
    log_files_kept: int = Field(default=5, ge=1)  # besides the one that is written
    debug: bool = False  # whatever LOG_LEVEL says, logs more; answers say no more than ever
    sentry_dsn: SecretStr | None = None
    worker_concurrency: int = 10
    worker_poll_s: float = 1.0
    job_attempts: int = 10
    openai_api_key: SecretStr | None = None  # reserved; unused

    def public_url(self) -> str:
        """Where clients reach this installation, without a trailing slash."""
        return (self.base_url or f"http://{self.host}:{self.port}").rstrip("/")
