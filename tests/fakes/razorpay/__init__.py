"""A fake of Razorpay: orders, payments on them, refunds and disputes, in memory behind real HTTP."""
