"""Pure rules of practitioners: what a near place is, and what a decision says."""

from dataclasses import dataclass
from math import asin, cos, degrees, radians, sin
from typing import Final, Literal

EARTH_RADIUS_KM: Final = 6371.0088
"""Mean radius (IUGG); the same in SQL's distance_km."""

Decision = Literal["verified", "rejected"]


@dataclass(frozen=True, slots=True)
class Near:
    """Within `radius_km` of a point in degrees."""

    lat: float
    lng: float
    radius_km: float


@dataclass(frozen=True, slots=True)
class Box:
    """The smallest box of degrees around a circle: what an index can answer. Two ranges of longitude where the
    circle crosses the date line.
    """

    lat_from: float
    lat_to: float
    lng_ranges: tuple[tuple[float, float], ...]


def box_around(near: Near) -> Box:
    """The box around `near`. A circle that holds a pole reaches every longitude
    (J. P. Matuschek, "Finding Points Within a Distance of a Latitude/Longitude", section 3).
    """
    reach = near.radius_km / EARTH_RADIUS_KM
    south, north = near.lat - degrees(reach), near.lat + degrees(reach)
    if south <= -90 or north >= 90:
        return Box(max(south, -90), min(north, 90), ((-180, 180),))
    widest = degrees(asin(sin(reach) / cos(radians(near.lat))))
    west, east = near.lng - widest, near.lng + widest
    if west < -180:
        return Box(south, north, ((west + 360, 180), (-180, east)))
    if east > 180:
        return Box(south, north, ((west, 180), (-180, east - 360)))
    return Box(south, north, ((west, east),))


def decision_mail(decision: Decision, display_name: str, reason: str | None, public_url: str) -> tuple[str, str]:
    """Subject and body of the mail that tells a practitioner what was decided."""
    if decision == "verified":
        subject = "You are verified"
        told = (
            f"Your profile is verified and people can find and book you.\n\nSet your hours and services: {public_url}/"
        )
    else:
        subject = "Your application was not accepted"
        told = "Your application as a practitioner was not accepted. You may change it and apply again."
    because = f"\n\nReason: {reason}" if reason else ""
    return subject, f"Hello {display_name},\n\n{told}{because}\n"
