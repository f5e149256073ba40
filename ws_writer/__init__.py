"""The WebSocket writer: counts accepted tweets in Redis within milliseconds, and shows viewers."""
