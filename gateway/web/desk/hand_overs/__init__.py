"""Hand-overs in the browser: prepare, decide, take out, receipt, answers."""
