"""PayPal as our adapter meets it: tokens, orders that a payer approves, authorisations, captures, refunds, disputes,
webhooks signed with a certificate of its own authority, events and reports to list. State is in memory.

`python -m tests.fakes.paypal --port 9002 --webhook-url http://127.0.0.1:8000/webhooks/paypal` serves it by hand.
"""
