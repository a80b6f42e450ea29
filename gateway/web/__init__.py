"""HTTP doors: carriers' hooks, the village page, health. Handlers read, call a use case, and render; they log nothing."""
