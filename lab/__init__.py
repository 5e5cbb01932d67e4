# SPDX-License-Identifier: GPL-2.0-or-later
"""The virtual ProLiant: sample machines that boot in QEMU, and what their kernels answer.

places      where things lie; Skip, raised where the lab cannot run
kernels     Debian's kernels, fetched and unpacked on demand
initramfs   the small system that the machine boots
job         what it is asked to run, and its answer
devices     from a recipe's functions to QEMU's devices
smbios      a recipe's SMBIOS for QEMU
tables      a DMAR or IVRS for a machine without the lab's firmware
qemu        one run of the emulator
server      a machine with its disks and settings, over many boots
generate    a random machine as a recipe
trial       one boot of it: predictions, then an attach of every endpoint
agreement   whether they agree
truth       many of them: ./run truth
terminal    what is typed on a boot, what must come, and how it is told
steps       each step with the ProLiant's cards
nested      the guest that is given them
story       all of it: ./run story
disk        a disk with Debian, for a server that GRUB starts
parcel      what such a server is handed at each boot
"""
