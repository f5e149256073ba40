"""Real tweets: fetched from X's API v2, and taken over from what it gave."""
