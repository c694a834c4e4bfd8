"""What a near place is, and names without repeats."""

from math import asin, cos, radians, sin, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moorage.domains.practitioners import Near, box_around
from moorage.domains.practitioners.operations import distinct

degrees_lat = st.floats(-90, 90)
degrees_lng = st.floats(-180, 180)


def test_a_box_at_the_equator_is_as_wide_as_high():
    box = box_around(Near(0, 0, 111.195))
    assert box.lat_from == pytest.approx(-1, abs=1e-4)
    assert box.lat_to == pytest.approx(1, abs=1e-4)
    assert box.lng_ranges == ((pytest.approx(-1, abs=1e-3), pytest.approx(1, abs=1e-3)),)


def test_a_box_over_the_date_line_has_two_ranges():
    (west_from, west_to), (east_from, east_to) = box_around(Near(-18, 179.9, 50)).lng_ranges
    assert (west_to, east_from) == (180, -180)
    assert 179 < west_from < 179.9
    assert -180 < east_to < -179


def test_a_circle_around_a_pole_reaches_every_longitude():
    assert box_around(Near(89.9, 10, 50)).lng_ranges == ((-180, 180),)
    assert box_around(Near(0, 0, 20_040)).lng_ranges == ((-180, 180),)


@given(degrees_lat, degrees_lng, degrees_lat, degrees_lng, st.floats(0.1, 5000))
async def test_whatever_is_in_the_circle_is_in_the_box(lat, lng, other_lat, other_lng, radius_km):
    if distance_km(lat, lng, other_lat, other_lng) <= radius_km * 0.999999:
        box = box_around(Near(lat, lng, radius_km))
        assert box.lat_from <= other_lat <= box.lat_to
        assert any(west <= other_lng <= east for west, east in box.lng_ranges)


async def test_sql_and_geometry_agree_on_distances(owner):
    # Lisbon to Porto, and half-way around the globe.
    assert await owner.fetchval("SELECT distance_km(38.7223, -9.1393, 41.1496, -8.6109)") == pytest.approx(
        273.7, abs=0.5
    )
    assert await owner.fetchval("SELECT distance_km(0, 0, 0, 180)") == pytest.approx(20015, abs=1)


def test_names_are_kept_once_whatever_their_case():
    assert distinct(["Yoga", "Doula", "yoga", "DOULA", "Reiki"]) == ["Yoga", "Doula", "Reiki"]


def distance_km(lat1, lng1, lat2, lng2):
    """Haversine, written the other way round: by chord length in three dimensions."""

    def point(lat, lng):
        return cos(radians(lat)) * cos(radians(lng)), cos(radians(lat)) * sin(radians(lng)), sin(radians(lat))

    chord = sqrt(sum((a - b) ** 2 for a, b in zip(point(lat1, lng1), point(lat2, lng2), strict=True)))
    return 2 * 6371.0088 * asin(min(1, chord / 2))
