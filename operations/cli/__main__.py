"""`python -m operations.cli`, the same as `weather-tweets`."""

from operations.cli import app

if __name__ == "__main__":
    app(prog_name="weather-tweets")
