"""The desk's waves without a browser."""
