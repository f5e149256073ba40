"""The swarm that sends tweets (Locust), and the tweets it sends: generated, or taken from X."""
