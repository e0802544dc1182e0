"""Other programs and machines: Anki, CSV and JSON, PostgreSQL."""
