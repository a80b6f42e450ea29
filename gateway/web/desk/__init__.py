"""The desk in the browser, on its own listener (ADR 0018)."""
