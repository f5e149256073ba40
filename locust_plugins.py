"""Shows the swarm's own options in `locust -f loadgen/locustfile.py --help`.

Locust prints its help before it loads a locustfile, and so without what the file adds
(https://github.com/locustio/locust/issues/2917). Before that it imports one module, where there is one of
this name, "to allow for registering custom arguments". Without `--help` the locustfile adds them itself.
"""

import sys

from locust import events

from loadgen import options

if {"-h", "--help"} & set(sys.argv):
    events.init_command_line_parser.add_listener(options.add_to)
