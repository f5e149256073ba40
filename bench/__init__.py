"""What a tweet costs, in time, CPU and memory: `python -m bench`.

A stage (`stages/`) starts what it needs of the stack (`parts`), loads it several times, reads the processes
meanwhile (`reading`), and gives rows (`rows`) and figures, which are held against their goals (`goals`).
"""
