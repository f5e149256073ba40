"""One line from a worker that ends because nothing can help, instead of the same in three tracebacks."""

import logging

from streams.persistence import HopelessError


class LastWords(logging.Filter):
    """Drops what Faust says of a `HopelessError` on its way up: who raised it has said what is to be done."""

    def filter(self, record: logging.LogRecord) -> bool:
        told = [*record.args] if isinstance(record.args, tuple) else []
        if isinstance(record.exc_info, tuple):
            told.append(record.exc_info[1])
        return not any(map(_is_hopeless, told))


def _is_hopeless(told: object) -> bool:
    if isinstance(told, BaseExceptionGroup):
        return told.split(HopelessError)[1] is None
    return isinstance(told, HopelessError)
