# SPDX-License-Identifier: GPL-2.0-or-later
"""Sample machines: a recipe becomes a model, a model becomes a host's files.

recipe -> model (recipe.py, topology.py, resources.py)
model -> tables (dmar.py, ivrs.py, smbios.py, config_space.py)
model + tables -> what a kernel would show (kernel.py, groups.py, bootlog.py)
all of it -> a tree (tree.py, sinks.py)
"""
