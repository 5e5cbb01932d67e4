# SPDX-License-Identifier: GPL-2.0-or-later
"""The other side of a terminal on which a program runs."""

import os


def read_terminal(master: int, see: bytes = b"", keys: bytes = b"") -> bytes:
    """What comes up until nobody has the terminal open any more; once see does, keys are typed. Closes it."""
    text = b""
    while True:
        try:
            piece = os.read(master, 65536)
        except OSError:  # how Linux tells of the end
            break
        if not piece:
            break
        text += piece
        if keys and see in text:
            os.write(master, keys)
            keys = b""
    os.close(master)
    return text
