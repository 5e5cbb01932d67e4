/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where HP's packages put conrep on Windows. */
#include <stddef.h>

#include "store/hp-places.h"

const char *const pp_hp_names[] = { "conrep.exe", "hp-conrep.exe", NULL };

/* The PowerShell module HPEBIOSCmdlets brings it; HP's Scripting Toolkit is unpacked anywhere. */
#define MODULE "HPEBIOSCmdlets/Tools/ConfigurationData"
const char *const pp_hp_usual_directories[] = {
	"C:/Program Files/WindowsPowerShell/Modules/" MODULE,
	"C:/Program Files/Hewlett Packard Enterprise/PowerShell/Modules/" MODULE,
	"C:/Program Files/Hewlett-Packard/PowerShell/Modules/" MODULE,
	"C:/Program Files (x86)/Hewlett-Packard/PowerShell/Modules/" MODULE,
	NULL,
};
