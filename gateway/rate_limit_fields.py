"""The RateLimit header fields, as draft-ietf-httpapi-ratelimit-headers-10 has them.

Drafts change, as this one did: three fields became one dictionary, and then two lists (RFC 9651). All that is
theirs is here. The unit is the draft's default, requests; an array counts as many as it has tweets.
"""

POLICY = "RateLimit-Policy"
"""What is allotted."""
LIMIT = "RateLimit"
"""What is left of it."""

POLICY_NAME = "tweets"

PROBLEM_TYPE = "https://iana.org/assignments/http-problem-types#quota-exceeded"
VIOLATED = "violated-policies"
"""The member of that problem with the names of the policies."""


def policy(quota: int, window_seconds: int) -> str:
    """The value of `RateLimit-Policy`."""
    return f'"{POLICY_NAME}";q={quota};w={window_seconds}'


LIMIT_FORMAT = f'"{POLICY_NAME}";r=%d;t=%d'
"""The value of `RateLimit`, given what remains and the seconds until there is more."""
