"""The board: the plan's figures, funnels, coverage and cost of a period."""
