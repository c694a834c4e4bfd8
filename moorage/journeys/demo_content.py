"""Who and what the demo begins with. Nothing here is made by itself: `demo.py` tells it through the product's verbs."""

from dataclasses import dataclass
from typing import Any, Final

from moorage.domains.availability import WeeklyRule, Window
from moorage.domains.practitioners import Place, Profile


@dataclass(frozen=True, slots=True)
class Person:
    """An account of the demo."""

    email: str
    first_name: str
    last_name: str
    timezone: str = "Europe/London"


@dataclass(frozen=True, slots=True)
class Dates:
    """When a workshop or course takes place: from the first such weekday (0 is Monday) at least `days_ahead` from
    today, at a local time, by a recurrence of RFC 5545.
    """

    weekday: int
    start: str
    rrule: str
    days_ahead: int = 7


@dataclass(frozen=True, slots=True)
class Offer:
    """A service: fields of ServiceTerms but for the category, which is a slug; and its dates."""

    category: str
    terms: dict[str, Any]
    dates: Dates | None = None


@dataclass(frozen=True, slots=True)
class Practice:
    """A practitioner of the demo with all that is theirs."""

    person: Person
    profile: Profile
    places: tuple[Place, ...]
    hours: tuple[WeeklyRule, ...]
    offers: tuple[Offer, ...]
    is_featured: bool = False
    is_house: bool = False


def _hours(*days: int, start: str, until: str) -> tuple[WeeklyRule, ...]:
    begins, ends = (int(at[:2]) * 60 + int(at[3:]) for at in (start, until))
    return tuple(WeeklyRule(day, Window(begins, ends - begins)) for day in days)


OWNER: Final = Person("owner@demo.example", "Ines", "Moor")
CLIENT: Final = Person("client@demo.example", "Robin", "Lake")

_DOULA = Practice(
    Person("practitioner@demo.example", "Nia", "Rivers"),
    Profile(
        "Nia Rivers",
        "Birth and postpartum doula in south London. Fourteen years, some four hundred births, and a large teapot.",
        "Europe/London",
        ("Doula", "Birth preparation", "Postpartum"),
        ("Doula UK recognised doula", "Spinning Babies workshop"),
    ),
    (
        Place("London", "GB", "12 Choumert Road", "England", 51.4705, -0.0700, is_primary=True),
        Place("Online", "GB", is_virtual=True),
    ),
    (
        *_hours(0, 1, 2, 3, 4, start="09:00", until="17:00"),
        *_hours(5, 6, start="10:00", until="14:00"),
    ),
    (
        Offer(
            "doula",
            {
                "title": "Birth planning visit",
                "description": "We sit down at your kitchen table and write a plan that fits you, and a second one.",
                "service_type": "session",
                "price_minor": 7_200,
                "currency": "GBP",
                "duration_minutes": 60,
                "slot_interval_minutes": 30,
                "buffer_after_minutes": 30,
                "min_notice_minutes": 120,
                "free_until_hours": 24,
                "late_fee_bps": 5_000,
            },
        ),
        Offer(
            "postpartum",
            {
                "title": "Postpartum evening",
                "description": "Three hours of hands, soup and sleep in the first weeks. A deposit keeps the evening.",
                "service_type": "session",
                "price_minor": 13_500,
                "currency": "GBP",
                "deposit_bps": 2_000,
                "duration_minutes": 180,
                "slot_interval_minutes": 60,
                "buffer_before_minutes": 30,
                "buffer_after_minutes": 30,
                "min_notice_minutes": 1_440,
                "daily_limit": 1,
                "free_until_hours": 48,
                "late_fee_bps": 10_000,
            },
        ),
        Offer(
            "birth-preparation",
            {
                "title": "Partners' workshop",
                "description": "One evening for whoever will be in the room: positions, words, and what to pack.",
                "service_type": "workshop",
                "price_minor": 2_800,
                "currency": "GBP",
                "duration_minutes": 120,
                "slot_interval_minutes": 60,
                "max_participants": 10,
                "buffer_after_minutes": 15,
                "horizon_days": 120,
            },
            Dates(3, "18:30", "FREQ=WEEKLY;COUNT=6", days_ahead=3),
        ),
        Offer(
            "birth-preparation",
            {
                "title": "Preparing for birth",
                "description": "Four Sundays for six couples, from the last weeks to the first days.",
                "service_type": "course",
                "price_minor": 18_000,
                "currency": "GBP",
                "duration_minutes": 150,
                "slot_interval_minutes": 60,
                "max_participants": 6,
                "horizon_days": 120,
                "free_until_hours": 168,
                "late_fee_bps": 5_000,
            },
            Dates(6, "15:00", "FREQ=WEEKLY;COUNT=4", days_ahead=14),
        ),
    ),
    is_featured=True,
)

_BODYWORK = Practice(
    Person("tomas@demo.example", "Tomás", "Vale", "Europe/Lisbon"),
    Profile(
        "Tomás Vale",
        "Massage and yoga above a bakery in Graça. Slow, thorough, never on a full stomach.",
        "Europe/Lisbon",
        ("Massage", "Yoga", "Breathwork"),
        ("RYT 500",),
    ),
    (Place("Lisbon", "PT", "Rua da Graça 44", "", 38.7166, -9.1308, is_primary=True),),
    (
        *_hours(1, 2, 3, 4, 5, start="09:30", until="13:00"),
        *_hours(1, 2, 3, 4, start="14:30", until="19:30"),
    ),
    (
        Offer(
            "massage",
            {
                "title": "Deep tissue massage",
                "description": "Fifty minutes on the table, ten for the shower.",
                "service_type": "session",
                "price_minor": 6_500,
                "currency": "EUR",
                "duration_minutes": 60,
                "slot_interval_minutes": 15,
                "slot_alignment": "compact",
                "buffer_after_minutes": 15,
                "min_notice_minutes": 60,
            },
        ),
        Offer(
            "yoga",
            {
                "title": "Sunrise flow",
                "description": "Twelve mats, open windows. Students pay what students can.",
                "service_type": "workshop",
                "price_minor": 1_500,
                "currency": "EUR",
                "options": (("Regular", 1_500), ("Student", 900)),
                "duration_minutes": 75,
                "slot_interval_minutes": 60,
                "max_participants": 12,
                "free_until_hours": 4,
            },
            Dates(2, "07:30", "FREQ=WEEKLY;BYDAY=WE,FR;COUNT=10", days_ahead=2),
        ),
    ),
)

_CHEF = Practice(
    Person("ama@demo.example", "Ama", "Mensah", "America/New_York"),
    Profile(
        "Ama Mensah",
        "Private chef in Brooklyn. Ghanaian by grandmother, French by training; leaves the kitchen cleaner than found.",
        "America/New_York",
        ("Private chef", "Dinner parties"),
        ("ServSafe Manager",),
    ),
    (Place("New York", "US", "", "NY", 40.6782, -73.9442, is_primary=True),),
    _hours(3, 4, 5, 6, start="15:00", until="23:00"),
    (
        Offer(
            "private-chef",
            {
                "title": "Dinner for two at home",
                "description": "Four courses, shopping and washing-up included. A quarter now, the rest on the night.",
                "service_type": "session",
                "price_minor": 32_000,
                "currency": "USD",
                "deposit_bps": 2_500,
                "duration_minutes": 240,
                "slot_interval_minutes": 30,
                "buffer_before_minutes": 60,
                "buffer_after_minutes": 60,
                "min_notice_minutes": 2_880,
                "daily_limit": 1,
                "free_until_hours": 72,
                "late_fee_bps": 5_000,
            },
        ),
        Offer(
            "private-chef",
            {
                "title": "Menu call",
                "description": "Half an hour on what you love, hate and are allergic to.",
                "service_type": "session",
                "price_minor": 2_500,
                "currency": "USD",
                "duration_minutes": 30,
                "slot_interval_minutes": 30,
                "is_virtual": True,
            },
        ),
    ),
)

_KITCHEN = Practice(
    Person("kitchen@demo.example", "June", "Okafor"),
    Profile(
        "Harbour Kitchen",
        "Catering for a table of four or a barn of a hundred: long tables, one fire, everything from the county.",
        "Europe/London",
        ("Catering", "Weddings"),
        ("Level 3 food hygiene",),
    ),
    (Place("Bristol", "GB", "4 Quay Street", "England", 51.4545, -2.5879, is_primary=True),),
    _hours(*range(7), start="06:00", until="24:00"),
    (
        Offer(
            "catering",
            {
                "title": "Feast at your place",
                "description": "Three courses for all who come. The deposit keeps the day, the rest comes before it.",
                "service_type": "session",
                "price_minor": 5_000,
                "minimum_minor": 20_000,
                "currency": "USD",
                "options": (("adult", 5_000), ("child", 2_500), ("vegan", 5_500)),
                "deposit_minor": 10_000,
                "max_participants": 100,
                "duration_minutes": 180,
                "slot_interval_minutes": 15,
                "min_notice_minutes": 720,
                "horizon_days": 730,
                "free_until_hours": 72,
                "late_fee_bps": 5_000,
            },
        ),
    ),
    is_house=True,
)

PRACTICES: Final = (_DOULA, _BODYWORK, _CHEF, _KITCHEN)
