"""Dead letters: what became of records that are no tweets, and what is to become of them."""
