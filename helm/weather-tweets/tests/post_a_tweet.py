"""Posts one tweet to the front door, and waits until the workers have counted it."""

# ruff: noqa: S310, T201 -- runs alone in a pod: its output is for people, its addresses are the chart's

import json
import os
import sys
import time
import urllib.request

GATEWAY = os.environ["GATEWAY_URL"]
STATS = os.environ["WEATHER_AUDIT_STATS_URL"]
DEADLINE_SECONDS = 60


def messages() -> int:
    with urllib.request.urlopen(STATS, timeout=10) as answer:
        return int(json.load(answer)["messages"])


before = messages()
body = json.dumps({"texto": "Helm prueba el tiempo", "país": "Guatemala"}).encode()
headers = {"Content-Type": "application/json"}
if key := os.environ.get("WEATHER_KEY"):
    headers["Authorization"] = f"Bearer {key}"
request = urllib.request.Request(GATEWAY + "/input", body, headers)
with urllib.request.urlopen(request, timeout=15) as answer:
    print("accepted:", answer.status, answer.read().decode())
until = time.monotonic() + DEADLINE_SECONDS
while messages() <= before:
    if time.monotonic() > until:
        sys.exit(f"not counted within {DEADLINE_SECONDS} s")
    time.sleep(0.5)
print("counted")
