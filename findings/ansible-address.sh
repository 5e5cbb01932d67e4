#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Ansible reads the address 07:00.0 in YAML as 420.0, and the device id 1e07 in an INI inventory as 10000000.0.
#
# Expected: addresses and ids are text, with quotes or without, wherever a variable is set.
# Seen: in YAML (group_vars, vars of a play, a YAML inventory, -e '{...}') an address of decimal digits is a number to
#   the base 60, with its domain and without: 07:00.0 is 420.0. With a letter in its bus or device it is text: 0a:00.0.
#   The device id 0072 is octal there, 58. An INI inventory leaves all of these alone, but reads what Python takes for a
#   number: 1e07, a GeForce RTX 2080 Ti, is 10000000.0. With -e NAME=VALUE everything is text.
# Versions: ansible-core 2.14.18-0+deb12u2 (Debian 12), the same in 2.19.11-0+deb13u1 (Debian 13).
# Why it matters: what is written once for many hosts works where the card is at 0a:00.0 and not where it is at 07:00.0: the
#   command is given 420.0, and Ansible says nothing. 0000:00:14.0 becomes 14.0, which lspci -s and setpci -s take
#   for device 14 of whatever bus. What was tried with -e changes when it moves to group_vars. Addresses and ids need
#   quotes in YAML, and in an INI inventory two pairs of them.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
[ -x /usr/bin/python3 ] || skip "this needs Python"
get ansible-core=2.14.18-0+deb12u2 python3-jinja2=3.1.2-1+deb12u3 python3-markupsafe=2.1.2-1+b1 \
	python3-packaging=23.0-1 python3-resolvelib=0.9.0-2 python3-yaml=6.0-3+b2 libyaml-0-2=0.2.5-1 \
	python3-cryptography=38.0.4-3+deb12u1 python3-cffi-backend=1.15.1-5+b1

# The same for a host in YAML and in INI.
cat >"$work/hosts.yml" <<'END'
all:
  hosts:
    node:
      short: 07:00.0
      whole: 0000:07:00.0
      letter: 0a:00.0
      usb: 0000:00:14.0
      sas: 0072
      card: 1e07
      quoted: "07:00.0"
END
cat >"$work/hosts.ini" <<'END'
node short=07:00.0 whole=0000:07:00.0 letter=0a:00.0 usb=0000:00:14.0 sas=0072 card=1e07 quoted="'1e07'"
END
cat >"$work/show" <<'END'
msg="short {{ short }}, whole {{ whole }}, letter {{ letter }}, usb {{ usb }}, sas {{ sas }}, card {{ card }}, quoted {{ quoted }}"
END

# shows INVENTORY OPTION...: what a task puts into the arguments of a command.
shows() {
	PYTHONPATH=$root/usr/lib/python3/dist-packages HOME=$work LC_ALL=C.UTF-8 \
		ansible all -c local -m debug -a "$(cat "$work/show")" -i "$work/$1" "${@:2}" 2>"$work/log" |
		sed -n 's/^    "msg": "\(.*\)"$/\1/p' | sed 's/, /\n/g'
}
same "in YAML" "$(shows hosts.yml)" <<'END'
short 420.0
whole 420.0
letter 0a:00.0
usb 14.0
sas 58
card 1e07
quoted 07:00.0
END
same "in INI" "$(shows hosts.ini)" <<'END'
short 07:00.0
whole 0000:07:00.0
letter 0a:00.0
usb 0000:00:14.0
sas 0072
card 10000000.0
quoted 1e07
END
same "with -e" "$(shows hosts.yml -e 'short=07:00.0 whole=0000:07:00.0 usb=0000:00:14.0 sas=0072 card=1e07')" <<'END'
short 07:00.0
whole 0000:07:00.0
letter 0a:00.0
usb 0000:00:14.0
sas 0072
card 1e07
quoted 07:00.0
END
finish
