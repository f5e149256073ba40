"""Builds both PDFs into `manual/build/`; any warning of any tool is an error."""

import sys

from manual import book, diagrams, fonts, plots


def main() -> int:
    """Draws the figures, then sets the books; returns the exit status."""
    font_files = fonts.collect()
    drawn = diagrams.draw_all(font_files) + plots.draw_all(font_files)
    sys.stdout.write(f"{len(drawn)} figures\n")
    for name in book.BOOKS:
        pdf = book.build(name)
        sys.stdout.write(f"{pdf.relative_to(book.REPOSITORY)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
