"""`python -m bench [STAGE…]`."""

from bench.cli import app

if __name__ == "__main__":
    app(prog_name="python -m bench")
