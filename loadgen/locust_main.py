"""Locust's command line, whose help also shows the swarm's own options: `python -m loadgen swarm --help`.

Locust prints its help before it loads a locustfile, and so without what the file adds
(https://github.com/locustio/locust/issues/2917). Without `--help` the locustfile adds them itself.
"""

import sys

from locust import events
from locust.main import main

from loadgen import options

if __name__ == "__main__":
    if {"-h", "--help"} & set(sys.argv):
        events.init_command_line_parser.add_listener(options.add_to)
    main()
