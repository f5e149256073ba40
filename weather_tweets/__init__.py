"""What the services of Weather Tweets share, and the command line that runs them together."""
