"""The benchmark's plots in Spanish: numbers, and the words that rows are named with."""

import re

from bench.plots.words import Words

_WORDS = {
    "a worker comes and goes": "un trabajador llega y se va",
    "aiokafka's": "los de aiokafka",
    "all stores": "todos los almacenes",
    "answered": "respondido",
    "arrays of 100 tweets": "listas de 100",
    "bare confluent-kafka loop": "bucle de confluent-kafka",
    "batch": "tamaño de lote",
    "batches": "lotes",
    "clients": "clientes",
    "client": "cliente",
    "compression": "compresión",
    "counted": "contado",
    "countries": "países",
    "idempotent": "idempotente",
    "killed": "muere",
    "none": "ninguna",
    "ours": "los nuestros",
    "parse and tally only": "solo leer y contar",
    "partitions": "particiones",
    "producer": "productor",
    "records": "registros",
    "Sanic without work": "Sanic sin trabajo",
    "shown to a viewer": "visto por un espectador",
    "started again": "arranca",
    "started": "llega",
    "stock Faust": "Faust tal como viene,",
    "stopped": "se va",
    "the broker is killed": "muere el bróker",
    "unary gRPC": "gRPC unario",
    "under way": "en camino",
    "users": "usuarios",
    "viewers": "espectadores",
    "workers": "trabajadores",
}
_KNOWN = re.compile(r"\b(?:" + "|".join(sorted(_WORDS, key=len, reverse=True)) + r")\b")


def name(english: str) -> str:
    """A row's name with its known words in Spanish, and its numbers as Spanish writes them."""
    text = _KNOWN.sub(lambda found: _WORDS[found[0]], english)
    return re.sub(r"(?<=\d),(?=\d{3})", "\u202f", text)


def number(value: float | None) -> str:
    """1234567.8 → "1 234 568", 12.34 → "12,3"; an em dash for what was not measured."""
    if value is None:
        return "—"
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 1 else 2
    text = f"{value:,.{digits}f}".replace(",", "\u202f" if abs(value) >= 10_000 else "")
    return text.replace(".", ",")


WORDS = Words(
    rate="tweets/s",
    cpu="µs de CPU por tweet",
    latency="de p50 a p99, ms",
    sent="enviados/s",
    accepted="aceptados/s",
    processed="procesados/s",
    answer_p99="p99 hasta la respuesta, ms",
    processed_p99="p99 hasta la cuenta, ms",
    second="segundo",
    figures="cuántas veces mejor que la meta",
    greys="Los números no cuentan lo que está en gris.",
    band="µs de CPU por tweet; las bandas son ±20 % del primero",
    name=name,
    number=number,
)
