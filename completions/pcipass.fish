# SPDX-License-Identifier: GPL-2.0-or-later
# Completes pcipass in fish: asks the program what the last word can become.

function __pcipass_complete
    # As fish passes them on: the home directory in place of a tilde.
    set -l typed (string replace -r '^~/' "$HOME/" -- (commandline -opc))
    set -l last (commandline -ct)
    # The one in PATH: a Tab behind ./pcipass runs nothing from the current directory.
    for line in (command pcipass complete -- $typed[2..-1] "$last" 2>/dev/null)
        set -l fields (string split -m 1 \t -- $line)
        if test "$fields[1]" = :file
            set -l before "$fields[2]"
            for path in (__fish_complete_path (string sub -s (math (string length -- "$before") + 1) -- "$last"))
                echo "$before$path"
            end
        else
            echo $line
        end
    end
end

complete -c pcipass -f -a '(__pcipass_complete)'
