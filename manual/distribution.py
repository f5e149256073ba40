"""How well the generated tweets follow the cited reality: writes `data/distribution.json` for the plot.

`.venv/bin/python -m manual.distribution`; it needs the program's environment, not the one of the manuals.
"""

import json
from collections import Counter
from datetime import datetime
from pathlib import Path

from loadgen.generator import generate
from loadgen.reality import rhythm, volume
from weather_tweets import countries

TWEETS, SEED = 100_000, 1
TARGET = Path(__file__).parent / "data" / "distribution.json"


def main() -> None:
    """Generates the tweets and compares who posts and when with the sources."""
    codes: Counter[str] = Counter()
    hours: Counter[int] = Counter()
    for tweet in generate(TWEETS, SEED):
        codes[tweet.codigo] += 1
        hours[datetime.fromisoformat(tweet.hora).hour] += 1
    users = volume.users()
    people = sum(users.values())
    names = countries.by_code()
    result = {
        "tweets": TWEETS,
        "seed": SEED,
        "places": len(codes),
        "countries": [
            {
                "name": names[code].name,
                "cited_percent": round(100 * count / people, 4),
                "generated_percent": round(100 * codes[code] / TWEETS, 4),
            }
            for code, count in sorted(users.items(), key=lambda item: -item[1])
        ],
        "hours": [
            {"cited_percent": cited, "generated_percent": round(100 * hours[hour] / TWEETS, 3)}
            for hour, cited in enumerate(rhythm.HOURLY_PERCENT)
        ],
    }
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
