"""`GET /history`: how many tweets in each step of a time."""

import asyncio
from datetime import datetime
from typing import Literal

import msgspec

from gateway.reads.counts import Sum, counted
from gateway.reads.database import Database
from gateway.reads.moments import text_of
from gateway.reads.parameters import STEPS, HistoryQuestion


async def answer(database: Database, question: HistoryQuestion) -> bytes:
    """JSON with a row for every step. Raises `pymongo.errors.PyMongoError`."""
    width = STEPS[question.step]
    rows: dict[int, Sum] = {}
    stored: Literal["minute", "hour"] = "minute" if question.step == "minute" else "hour"
    async for at, countries in counted(database, stored, question.start, question.end, question.code):
        number = (at - question.start) // width
        if number not in rows:
            rows[number] = Sum()
        rows[number].add(countries, by_country=question.by_country)
    encoded: list[bytes] = []
    for number in range((question.end - question.start) // width):
        encoded.append(_row(question, question.start + number * width, rows.get(number) or Sum()))
        if question.by_country:
            await asyncio.sleep(0)
    head = msgspec.json.encode(
        {"from": text_of(question.start), "to": text_of(question.end), "step": question.step}
    )
    return head[:-1] + b',"rows":[' + b",".join(encoded) + b"]}"


def _row(question: HistoryQuestion, at: datetime, total: Sum) -> bytes:
    kind = question.kind
    row = {"at": text_of(at), **total.document(kind)}
    if question.by_country:
        row["countries"] = {
            code: country.document(kind)
            for code, country in sorted(total.countries.items())
            if kind is None or kind in country.kinds
        }
    return msgspec.json.encode(row)
