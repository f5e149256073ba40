"""When people post: the hours of the day by their own clocks.

The form is what studies of Twitter's circadian rhythm agree on: least around four in the morning, a climb
from six to noon, a plateau through the afternoon, most around nine in the evening (ten Thij, Kampstra and
Bhulai 2014, Circadian Patterns in Twitter; Leypunskiy et al. 2018, Geographically Resolved Rhythms in
Twitter Use, Current Biology 28). The per cents are ours, read off that form; they add up to 100.
"""

HOURLY_PERCENT = (
    3.4, 2.2, 1.4, 1.0, 0.8, 1.0, 1.8, 3.0, 3.9, 4.3, 4.5, 4.7,
    5.0, 4.9, 4.7, 4.6, 4.7, 5.0, 5.4, 6.0, 6.8, 7.4, 7.4, 6.1,
)  # fmt: skip

MORNING, AFTERNOON, EVENING, NIGHT = "morning", "afternoon", "evening", "night"
PARTS = (MORNING, AFTERNOON, EVENING, NIGHT)


def part_of_day(hour: int) -> str:
    """What people call this hour of their day."""
    if hour < 5:
        return NIGHT
    if hour < 12:
        return MORNING
    return AFTERNOON if hour < 19 else EVENING
