"""What is made of tips: cases, field work, evidence, commendations, registers, sampling, and who is late with what."""
