"""The stored tweets as a file: `source` reads them, `formats` writes them, `run` does both."""
