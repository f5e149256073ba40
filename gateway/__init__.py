"""The REST front door (Sanic): takes tweets, has them made durable, and answers."""
