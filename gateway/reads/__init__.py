"""What can be asked of the gateway: the tweets, their history, and the weather now (ADR 0028).

A question is read (`parameters`), answered once for all who ask it at the same time (`answers`), from MongoDB
(`database`), and never at the expense of `POST /input`.
"""
