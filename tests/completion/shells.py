# SPDX-License-Identifier: GPL-2.0-or-later
"""Shells on a terminal, in which a line is typed and a Tab pressed."""

import os
import pty
import re
import select
import shutil
import signal
import time
from pathlib import Path

# Ctrl-G shows the line as it stands, and ends the shell.
BASH = r"""
source '{files}/pcipass.bash'
bind 'set bell-style none'
bind 'set enable-bracketed-paste off'
show() {{ printf 'LINE<%s>END\n' "$READLINE_LINE"; exit; }}
bind -x '"\C-g": show'
PS1='READY'
"""
ZSH = r"""
fpath=('{files}' $fpath)
autoload -Uz compinit
compinit -u -D
setopt no_beep
unsetopt zle_bracketed_paste 2>/dev/null; unset zle_bracketed_paste
show() {{ print -r -- "LINE<$BUFFER>END"; exit }}
zle -N show
bindkey '^G' show
PS1='READY'
"""


class Terminal:
    """A program on a terminal of its own."""

    def __init__(self, command: list[str], environment: dict, directory: Path):
        self.pid, self.fd = pty.fork()
        if not self.pid:
            os.chdir(directory)
            os.execvpe(command[0], command, environment)
        self.text = ""

    def wait(self, pattern: str, seconds: float = 30) -> re.Match | None:
        """The pattern in what comes; what came before it is dropped."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = re.search(pattern, self.text, re.DOTALL)
            if found:
                self.text = self.text[found.end():]
                return found
            if select.select([self.fd], [], [], 0.1)[0]:
                try:
                    more = os.read(self.fd, 65536)
                except OSError:
                    more = b""
                if not more:
                    return re.search(pattern, self.text, re.DOTALL)
                self.text += more.decode(errors="replace")
        return None

    def type(self, text: str) -> None:
        os.write(self.fd, text.encode())

    def end(self) -> None:
        try:
            os.kill(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        os.waitpid(self.pid, 0)
        os.close(self.fd)


def completed(shell: str, files: Path, programs: Path, directory: Path, line: str) -> str:
    """The line after a Tab, in bash or zsh."""
    start = directory / f".{shell}-start"
    start.write_text({"bash": BASH, "zsh": ZSH}[shell].format(files=files))
    (directory / ".zshrc").write_text(f"source {start}\n")
    command = ["bash", "--noprofile", "--rcfile", str(start), "-i"] if shell == "bash" else ["zsh", "-d", "-i"]
    environment = {"PATH": f"{programs}:/usr/bin:/bin", "HOME": str(directory), "ZDOTDIR": str(directory),
                   "TERM": "dumb", "LC_ALL": "C.UTF-8", "COLUMNS": "200"}
    environment |= {k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")}
    terminal = Terminal([shutil.which(command[0]), *command[1:]], environment, directory)
    try:
        assert terminal.wait("READY"), f"{shell} did not start: {terminal.text}"
        terminal.type(line + "\t\a")
        found = terminal.wait(r"LINE<([^\r\n]*)>END")
        assert found, f"{shell} did not answer: {terminal.text}"
        return found.group(1)
    finally:
        terminal.end()
