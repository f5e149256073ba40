"""`python -m grpc_producer`."""

import argparse
import sys

import uvloop

from grpc_producer.server import serve
from weather_tweets import logs, lost_connections
from weather_tweets.settings import KafkaSettings, ProducerSettings


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m grpc_producer",
        description="The gRPC producer: takes batches of tweets and answers once Kafka has them (acks=all).",
        epilog="Settings are environment variables: WEATHER_PRODUCER_*, WEATHER_KAFKA_*, WEATHER_LOG_*.",
    )
    parser.add_argument("--host", help="address to listen on (WEATHER_PRODUCER_HOST)")
    parser.add_argument("--port", type=int, help="gRPC port (WEATHER_PRODUCER_PORT)")
    parser.add_argument("--metrics-port", type=int, help="HTTP port (WEATHER_PRODUCER_METRICS_PORT)")
    arguments = {name: value for name, value in vars(parser.parse_args()).items() if value is not None}
    logs.configure("producer")
    lost_connections.raise_os_errors()
    try:
        uvloop.run(serve(KafkaSettings(), ProducerSettings(**arguments)))
    except OSError as error:
        sys.stderr.write(f"producer: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
