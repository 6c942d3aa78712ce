"""The dashboard on 127.0.0.1:3000: one page, a process of its own, a client of the API and of nothing else."""
