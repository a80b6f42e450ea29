"""What a print shop is handed, and the way there: job, proof, approval, sheets, register, package."""
