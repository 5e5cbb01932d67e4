#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A pure module makes no system call: of the C library it uses memory and text, nothing else.
# A module that acts reaches the machine through lib/sys alone: besides, it may ask the SYMBOLs.
# usage: check-pure.sh LIBRARY [SYMBOL...]
set -eu
library=$1
shift

defined=$(nm --defined-only "$library" | awk 'NF == 3 { print $3 }' | sort -u)
undefined=$(nm -u "$library" | awk 'NF == 2 { print $2 }' | sort -u)
bad=
for symbol in $undefined; do
	case $symbol in
	pp_*) continue ;;
	# memory
	malloc | calloc | realloc | reallocarray | free) continue ;;
	mem*) continue ;;
	__mem*_chk | __str*_chk | __stack_chk_fail) continue ;;
	# text
	str*) continue ;;
	snprintf | vsnprintf | __snprintf_chk | __vsnprintf_chk) continue ;;
	__isoc99_*) ;;
	qsort | bsearch) continue ;;
	# documents in memory: jansson, without its file functions
	json_load_file | json_loadf | json_loadfd | json_dump_file | json_dumpf | json_dumpfd) ;;
	json_*) continue ;;
	# XML from memory: libxml2, without its functions that open anything
	xmlParseFile | xmlReadFile | xmlReadFd | xmlCtxtReadFile | xmlCtxtReadFd | xmlNewTextReaderFilename | xmlSave* | xmlNano*) ;;
	xml*) continue ;;
	# the compiler's and the linker's own
	_GLOBAL_OFFSET_TABLE_ | __asan_* | __ubsan_* | __tls_get_addr) continue ;;
	esac
	case " $* " in
	*" $symbol "*) continue ;;
	esac
	echo "$defined" | grep -qx "$symbol" || bad="$bad $symbol"
done
if [ -n "$bad" ]; then
	echo "$library makes system calls of its own: it uses$bad"
	exit 1
fi
echo "$library: none, $(echo "$undefined" | wc -l) symbols looked at"
