"""The gRPC producer: takes batches of tweets and answers once Kafka has them."""
