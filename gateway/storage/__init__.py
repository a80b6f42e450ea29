"""The tables and their statements; one module a subject, SQL visible as SQLAlchemy Core expressions, on both engines."""
