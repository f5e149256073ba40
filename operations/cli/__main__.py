"""`python -m weather_tweets.cli`, the same as `weather-tweets`."""

from weather_tweets.cli import app

if __name__ == "__main__":
    app(prog_name="weather-tweets")
