"""Makes the table of places, `weather_tweets/places/places.marisa`, from gazetteers that others keep."""
