"""The two manuals: Markdown in `usuario/` and `tecnico/`, made into PDFs by `python -m manual`."""
