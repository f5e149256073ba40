"""The Locust swarm and the tweets that it sends."""
