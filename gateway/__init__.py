"""The REST front door: takes tweets over HTTP and answers once Kafka has them."""
