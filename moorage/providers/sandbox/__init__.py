"""The sandbox: a small payment gateway of our own, so that everything about money works before a real one is chosen.

It promises what a provider promises: a charge is recorded or it is not, once per intent and once per idempotency key,
in a transaction of its own; every change leaves an event, written with the change and delivered by signed webhooks
until somebody takes it; and its records can be listed, so that other books can be checked against them. It keeps its
tables in a schema of its own and neither reads nor writes anything else: it stands for somebody else's system.
Cards are judged by well-known test numbers; a number is looked at once and never kept. On demand it misbehaves.

`gateway` is our adapter to it and speaks to it over HTTP alone, like any other provider's.
"""
