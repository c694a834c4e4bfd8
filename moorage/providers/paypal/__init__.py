"""PayPal: Orders v2 over HTTP. The payer approves at PayPal, and only then we collect.

Its official library has no asyncio, so requests are made here. `gateway` is the port's side, `http` the connection,
`translate`, `events` and `lists` read PayPal's objects in the core's words, `verification` with `certificates` and
`signatures` says who sent them.
"""
