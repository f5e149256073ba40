"""An audit record by record: a recount straight from the topic, against MongoDB, the tables and Redis."""
