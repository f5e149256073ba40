"""The embedded stack: every real part and every service as processes of this machine, without containers."""
