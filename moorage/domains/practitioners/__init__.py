"""Practitioners: who delivers, and where.

Promises: the public sees verified practitioners alone and none of their private facts; a profile is changed by its
practitioner, a verification by an administrator, and the latter leaves an audit row and tells the practitioner.
"""

from moorage.domains.practitioners.errors import (
    AlreadyAppliedError,
    AlreadyDecidedError,
    PrimaryLocationError,
    UnknownLocationError,
)
from moorage.domains.practitioners.operations import Place, Profile
from moorage.domains.practitioners.policy import Box, Decision, Near, box_around
from moorage.domains.practitioners.queries import Location, Practitioner, PrivateFacts

__all__ = [
    "AlreadyAppliedError",
    "AlreadyDecidedError",
    "Box",
    "Decision",
    "Location",
    "Near",
    "Place",
    "Practitioner",
    "PrimaryLocationError",
    "PrivateFacts",
    "Profile",
    "UnknownLocationError",
    "box_around",
]
