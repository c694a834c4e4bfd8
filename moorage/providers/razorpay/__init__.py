"""Razorpay behind the port to payment providers."""
