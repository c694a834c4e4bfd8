"""Every router there is: one line each. The hottest come first, because routes are matched in this order."""

from typing import Final

from fastapi import APIRouter
from starlette.routing import BaseRoute

from moorage.apis.catering import analytics as catering_analytics
from moorage.apis.catering import auth as catering_auth
from moorage.apis.catering import bookings as catering_bookings
from moorage.apis.catering import by_hand as catering_by_hand
from moorage.apis.catering import checkout as catering_checkout
from moorage.apis.catering import customers as catering_customers
from moorage.apis.catering import disputes as catering_disputes
from moorage.apis.catering import invoices as catering_invoices
from moorage.apis.catering import payments as catering_payments
from moorage.apis.catering import portal as catering_portal
from moorage.apis.catering import quotes as catering_quotes
from moorage.apis.catering import refunds as catering_refunds
from moorage.apis.catering import subscriptions as catering_subscriptions
from moorage.apis.catering import webhook as catering_webhook
from moorage.apis.catering.answers import PREFIX as CATERING
from moorage.apis.marketplace import (
    auth,
    availability,
    bookings,
    bookings_attend,
    bookings_calendar,
    bookings_cancel,
    bookings_create,
    bookings_reschedule,
    earnings,
    failed_jobs,
    payments,
    payouts,
    practitioners,
    provider_events,
    service_sessions,
    services,
)
from moorage.apis.marketplace.envelope import PREFIX
from moorage.apis.operations import health, metrics, openapi
from moorage.apis.payment_records import payments as payment_records
from moorage.apis.practice import appointments as practice_appointments
from moorage.apis.practice import payments as practice_payments
from moorage.apis.practice import payments_manage as practice_payments_manage
from moorage.apis.practice import payments_paypal as practice_payments_paypal
from moorage.apis.practice import payments_record as practice_payments_record
from moorage.apis.practice import payments_start as practice_payments_start
from moorage.apis.practice import services as practice_services
from moorage.apis.practice import training_enrollments as practice_training_enrollments
from moorage.apis.practice import trainings as practice_trainings
from moorage.apis.practice import users as practice_users
from moorage.apis.practice import webhooks as practice_webhooks
from moorage.apis.sandbox import api as sandbox_api
from moorage.apis.sandbox import connect_page as sandbox_connect_page
from moorage.apis.sandbox import page as sandbox_page
from moorage.apis.webhooks import events
from moorage.pages import account_links, home, invoice, outbox, pay, portal, quote, reference, sign_in_link

# Each router, and the prefix that it is mounted under.
ROUTERS: Final[tuple[tuple[APIRouter, str], ...]] = (
    (bookings_create.router, PREFIX),
    (bookings.router, PREFIX),
    (bookings_cancel.router, PREFIX),
    (bookings_reschedule.router, PREFIX),
    (bookings_attend.router, PREFIX),
    (bookings_calendar.router, PREFIX),
    (events.router, ""),
    (availability.router, PREFIX),
    (practitioners.router, PREFIX),
    (services.router, PREFIX),
    (service_sessions.router, PREFIX),
    (payments.router, PREFIX),
    (payment_records.router, PREFIX),
    (earnings.router, PREFIX),
    (payouts.router, PREFIX),
    (auth.router, PREFIX),
    (failed_jobs.router, PREFIX),
    (provider_events.router, PREFIX),
    (catering_bookings.router, CATERING),
    (catering_checkout.router, CATERING),
    (catering_payments.router, CATERING),
    (catering_by_hand.router, CATERING),
    (catering_refunds.router, CATERING),
    (catering_disputes.router, CATERING),
    (catering_portal.router, CATERING),
    (catering_invoices.router, CATERING),
    (catering_quotes.router, CATERING),
    (catering_analytics.router, CATERING),
    (catering_customers.router, CATERING),
    (catering_subscriptions.router, CATERING),
    (catering_webhook.router, CATERING),
    (catering_auth.router, CATERING),
    (practice_appointments.router, ""),
    (practice_training_enrollments.router, ""),
    (practice_webhooks.router, ""),
    (practice_payments_start.router, ""),
    (practice_payments.router, ""),
    (practice_payments_paypal.router, ""),
    (practice_payments_manage.router, ""),
    (practice_payments_record.router, ""),
    (practice_services.router, ""),
    (practice_trainings.router, ""),
    (practice_users.router, ""),
    (sandbox_api.router, ""),
    (sandbox_page.router, ""),
    (sandbox_connect_page.router, ""),
    (health.router, ""),
    (metrics.router, ""),
    (openapi.router, ""),
    (reference.router, ""),
    (home.router, ""),
    (invoice.router, ""),
    (quote.router, ""),
    (portal.router, ""),
    (pay.router, ""),
    (sign_in_link.router, ""),
    (account_links.router, ""),
    (outbox.router, ""),
)


def _included() -> tuple[BaseRoute, ...]:
    whole = APIRouter(strict_content_type=True)  # as an application's own
    for router, prefix in ROUTERS:
        whole.include_router(router, prefix=prefix)
    return tuple(whole.routes)


# Included once a process: what FastAPI makes of them at the first request, in a quarter of a second, is of no one
# application, and many applications in one process (tests) need not each make it.
ROUTES: Final = _included()
