# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""A clock that a test moves under a program: see moved_clock.c."""
import mmap
import os
import struct
import time

NS_SECOND = 1000000000


class Clock:
    """What a program's clocks are ahead by. It starts at a date (seconds since 1970), or now."""

    def __init__(self, path, library, date=None):
        path.write_bytes(bytes(16))
        path.chmod(0o644)  # who starts as root reads it as root, and then no more
        with path.open("r+b") as f:
            self.map = mmap.mmap(f.fileno(), 16)
        self.ahead = [(date - int(time.time())) * NS_SECOND if date else 0, 0]
        self.passes(0)
        self.environment = dict(os.environ, LD_PRELOAD=str(library), HINOMI_MOVED_CLOCK=str(path),
                                ASAN_OPTIONS=os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0")

    def passes(self, seconds):
        self.ahead = [a + int(seconds * NS_SECOND) for a in self.ahead]
        self.map[:] = struct.pack("qq", *self.ahead)

    def sets(self, seconds):
        """The time of day alone goes ahead, as when somebody sets it."""
        self.ahead[0] += int(seconds * NS_SECOND)
        self.passes(0)

    def now(self):
        """The program's time of day."""
        return time.time() + self.ahead[0] / NS_SECOND
