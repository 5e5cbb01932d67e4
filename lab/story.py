#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The story of a virtual ProLiant, told as a person would see it: two cards that no guest can have,
a hidden setting, a reboot, and a guest that reads SMART from the disks behind them.

usage: story.py [--kernel 6.1|6.12|newest] | --override [--kernel 6.1|6.12]
"""

from __future__ import annotations

import argparse
import os
import sys
import textwrap

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from lab import initramfs, kernels, nested, places, state, steps, story_override  # noqa: E402
from lab.checks import Checks, main  # noqa: E402
from lab.kernels import Kernel  # noqa: E402
from lab.server import BOOT_SECONDS, Server  # noqa: E402
from lab.steps import CARDS, DRIVE, HBA, REFUSALS, refusal  # noqa: E402
from lab.terminal import COLUMNS, Chapter, Terminal  # noqa: E402
from machinery import recipe  # noqa: E402

RECIPE = "dl380p.machine"
MEMORY_MIB = 3072  # holds the server's own system, QEMU in it and the guest's memory
CAVEAT = ("All of this is virtual. The kernel's answers are the kernel's own; where the setting lies "
          "and what the firmware makes of it are the lab's: a real ProLiant's ROM is not proved by "
          "it.")


def blocked(t: Terminal, series: str) -> None:
    """The first boot: the firmware holds both cards. Ends with both to be free."""
    steps.start(t)
    t.say(f"FIRST BOOT. Slot 2 has {HBA.what}, slot 3 {DRIVE.what}. The firmware holds both.")
    steps.survey(t, "^FIXABLE: blocked, but can be freed .2.$")
    for card in CARDS:
        steps.held(t, card)
    t.say("The kernel says the same when it is tried:")
    steps.refused(t, HBA, refusal(series))
    t.say("Slot 2 is freed. There is a setting for it, so that is the way:")
    steps.free(t, HBA)
    t.say("Slot 3 by hand, by the setting's name, and a look by conrep's options:")
    steps.exclude_by_name(t, DRIVE)
    steps.written(t, CARDS)
    t.say("Before the reboot nothing has changed:")
    steps.not_yet(t, HBA)
    steps.held(t, HBA)


def freed(t: Terminal) -> None:
    """The second boot: both cards are free."""
    steps.start(t)
    t.say("REBOOT. The firmware has read the setting.")
    steps.verified(t, HBA)
    for card in CARDS:
        steps.assignable(t, card)
        steps.attached(t, card)


def passed_through(t: Terminal) -> None:
    """Still the second boot: a guest has both cards."""
    t.say("Both are handed over, and a guest is started with them:")
    for card in CARDS:
        steps.hand_over(t, card)
    steps.guest(t, CARDS)
    t.say("The guest is gone; the cards go back to the server's own drivers:")
    for card in reversed(CARDS):
        steps.take_back(t, card)


def back(t: Terminal) -> None:
    """The end of the second boot: the settings as they were."""
    t.say("And back again, slot 2 by undo:")
    steps.undo(t, HBA)
    steps.include_by_name(t, DRIVE)


def blocked_again(t: Terminal) -> None:
    """The third boot is as the first."""
    steps.start(t)
    t.say("REBOOT. The firmware holds both cards as before.")
    steps.nothing_applied(t)
    for card in CARDS:
        steps.held(t, card)


def image_for(kernel: Kernel) -> initramfs.Image:
    """The server's system, with the data file that is compared with."""
    image = initramfs.Image(kernel)
    image.add_modules(*state.MODULES)
    data = places.SOURCE / "schemas" / "examples" / steps.DATA
    image.add_file(steps.DATA, data.read_bytes())
    return image


def told(text: str) -> None:
    """As it comes, not at the end."""
    sys.stdout.write(text)
    sys.stdout.flush()


def tell(checks: Checks, series: str) -> None:
    """The whole of it."""
    kernel = kernels.get(series)
    machine = recipe.load(str(places.RECIPES / RECIPE))
    image = image_for(kernel)
    nested.add_to(image, steps.GUEST, steps.GUEST_SECONDS - 10)

    def boot(server: Server, *chapters: Chapter, seconds: int = BOOT_SECONDS) -> None:
        t = Terminal(checks, told)
        for chapter in chapters:
            chapter(t)
        steps.stop(t)
        t.tell(server.boot(t.job, seconds=seconds))

    told(f"A virtual {machine.vendor} {machine.product}, Linux {kernel.release}.\n")
    with Server(machine, kernel, image, memory_mib=MEMORY_MIB, with_state=True) as server:
        boot(server, lambda t: blocked(t, kernel.series))
        print("(this boot has a guest inside and takes a minute or two)", file=sys.stderr)
        boot(server, freed, passed_through, back, seconds=BOOT_SECONDS + steps.GUEST_SECONDS)
        boot(server, blocked_again)
    told("\n" + textwrap.fill(CAVEAT, COLUMNS) + "\n")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="the virtual ProLiant's story")
    parser.add_argument("--kernel", choices=(*sorted(REFUSALS), kernels.NEWEST),
                        default="6.1")
    parser.add_argument("--override", action="store_true",
                        help="on a machine without the setting, by another table")
    asked = parser.parse_args()
    if asked.override and asked.kernel == kernels.NEWEST:
        parser.error("--override runs with the kernels of Debian 12 alone")
    return asked


def _main() -> int:
    asked = _arguments()
    if asked.override:
        return main(lambda checks: story_override.tell(checks, asked.kernel, told))
    return main(lambda checks: tell(checks, asked.kernel))


if __name__ == "__main__":
    sys.exit(_main())
