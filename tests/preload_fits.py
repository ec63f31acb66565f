"""Imported by the server process of tests/run.py after preload.py: fits that all jobs share."""

import time

import shared_fits

start = time.monotonic()
shared_fits.fit_shared()
seconds = time.monotonic() - start
print(f"{len(shared_fits.results)} fits that jobs share: {seconds:.0f} s", flush=True)
