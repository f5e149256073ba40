"""What the generated tweets are measured against: who posts from where, when, and what weather they have.

The numbers are facts from public sources, named with their years in the heads of `countries.csv` and
`climate.csv` and in the modules that use them.
"""
