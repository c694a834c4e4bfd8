"""A fake of Square: orders, payments, refunds, payment links, disputes and events, in memory behind real HTTP."""
