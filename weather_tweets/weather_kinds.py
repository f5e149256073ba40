"""The kinds of weather that a tweet may speak of; `weather_tweets.kinds` recognises them."""

KINDS = ("rain", "storm", "snow", "heat", "cold", "wind", "fog", "sun", "clouds", "humid", "pleasant")
