"""The print room in the browser: villages × pieces, jobs in a process of their own, proof, approval, package, register."""
