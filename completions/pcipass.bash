# SPDX-License-Identifier: GPL-2.0-or-later
# Completes pcipass in bash: asks the program what the last word can become.
# shellcheck shell=bash

# The words up to the cursor. Bash cuts at colons and equal signs, which addresses and options have;
# what stood together on the line is one word here.
__pcipass_words() {
	local line=${COMP_LINE:0:COMP_POINT} i word
	words=()
	for ((i = 0; i <= COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		if [[ $i -gt 0 && $line != [[:space:]]* ]]; then
			words[${#words[@]} - 1]+=$word
		else
			words+=("$word")
		fi
		line=${line#"${line%%[![:space:]]*}"}
		line=${line:${#word}}
	done
}

# As the shell would pass them on: without quotes, the home directory in place of a tilde.
__pcipass_unquote() {
	local i
	for i in "${!words[@]}"; do
		words[i]=${words[i]//[\"\'\\]/}
		words[i]=${words[i]/#\~\//$HOME/}
	done
}

__pcipass() {
	local words=() word line name before='' start
	COMPREPLY=()
	__pcipass_words
	word=${words[${#words[@]} - 1]}
	# What bash leaves standing before what it replaces.
	start=${word%"${word##*["$COMP_WORDBREAKS"]}"}
	__pcipass_unquote
	while IFS= read -r line; do
		name=${line%%$'\t'*}
		if [[ $name == :file ]]; then
			before=${line#*$'\t'}
			compopt -o filenames
			while IFS= read -r name; do
				name=$before$name
				COMPREPLY+=("${name#"$start"}")
			done < <(compgen -f -- "${word#"$before"}")
			return
		fi
		COMPREPLY+=("${name#"$start"}")
		[[ $name != *: && $name != *= ]] || compopt -o nospace
	# The one in PATH: a Tab behind ./pcipass runs nothing from the current directory.
	done < <(command pcipass complete -- "${words[@]:1}" 2>/dev/null)
}

complete -F __pcipass pcipass
