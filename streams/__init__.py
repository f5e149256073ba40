"""The Faust application: consumes the topic, stores every record, counts it exactly once."""
