"""Where tests put what nobody keeps."""

import os

# A directory in memory, or None for the usual one: thousands of small commits need not wait for a disk.
IN_MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
