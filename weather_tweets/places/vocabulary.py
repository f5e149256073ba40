"""Words that say something of a place without being one, from `words.tsv`."""

from importlib.resources import files


def of(kind: str) -> frozenset[str]:
    """The words of a kind: `little`, `form`, `short`, `where`, `word`; what each is stands in the file."""
    lines = files(__package__).joinpath("words.tsv").read_text("utf-8").splitlines()
    rows = (line.split("\t") for line in lines if not line.startswith("#"))
    return frozenset(word for name, words in rows if name == kind for word in words.split())
