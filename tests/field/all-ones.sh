# SPDX-License-Identifier: GPL-2.0-or-later
# usage: all-ones.sh DIR ADDRESS: the function's configuration space reads all ones
config=$1/sys/bus/pci/devices/$2/config
python3 -c "import os, sys; n = os.path.getsize(sys.argv[1]); open(sys.argv[1], 'wb').write(b'\xff' * n)" "$config"
