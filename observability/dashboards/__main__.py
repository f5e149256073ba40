"""Writes the dashboards to the folder from which they are provisioned."""

from observability.dashboards import FOLDER, rendered

FOLDER.mkdir(parents=True, exist_ok=True)
for name, text in rendered().items():
    (FOLDER / name).write_text(text, encoding="utf-8")
