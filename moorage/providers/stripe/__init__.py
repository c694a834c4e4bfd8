"""Stripe, by its official asynchronous SDK. What the core keeps of it is plain JSON, never an object of the SDK's."""
