"""The payment records contract, of a payment service behind a site for stays: below /api/v1/payments/."""
