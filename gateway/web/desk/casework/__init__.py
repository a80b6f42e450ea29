"""The pages of cases, evidence, commendations, registers, sampling, and of who is late."""
