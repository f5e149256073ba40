"""The gRPC server that publishes tweets to Kafka and answers once Kafka has them."""
