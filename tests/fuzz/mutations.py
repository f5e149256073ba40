"""Bytes that are almost what is expected."""

from hypothesis import strategies as st


def mutated(valid: bytes) -> st.SearchStrategy[bytes]:
    """The valid bytes with up to four pieces cut out, put in or replaced."""
    position = st.integers(0, len(valid))
    edit = st.tuples(position, st.integers(0, 8), st.binary(max_size=8))
    return st.lists(edit, max_size=4).map(lambda edits: _apply(valid, edits))


def _apply(valid: bytes, edits: list[tuple[int, int, bytes]]) -> bytes:
    for start, removed, put in edits:
        valid = valid[:start] + put + valid[start + removed :]
    return valid
