"""Accounts: who somebody is, how they prove it, and which sign-ins are open. Passwords and tokens are hashed at rest;
whether an account exists is told to nobody but its owner.
"""
