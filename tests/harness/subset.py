# SPDX-License-Identifier: GPL-2.0-or-later
"""How many of a test's hosts are asked: all by the plain build, every so many by one with sanitizers."""

import os

IS_SANITIZED = "PCIPASS_TEST_SANITIZED" in os.environ


def some(hosts, every: int) -> list:
    """The first of each so many under sanitizers, else all."""
    return list(hosts)[::every if IS_SANITIZED else 1]
