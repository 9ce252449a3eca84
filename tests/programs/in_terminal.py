"""Runs a program in a terminal: in_terminal.py COLUMNS PROMPT ANSWER PROGRAM [ARGUMENT…]

Types ANSWER, unless it is empty, when the prompt appears. Prints what the program sent to the terminal, and exits with
the exit code of the program.
"""
import fcntl, os, pty, struct, sys, termios

columns, prompt, answer, *command = sys.argv[1:]
child, terminal = pty.fork()
if child == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 40, int(columns), 0, 0))
    os.execvp(command[0], command)

seen = b""
typed = not answer
while True:
    try:
        piece = os.read(terminal, 65536)
    except OSError:  # the program has ended
        break
    if not piece:
        break
    seen += piece
    if not typed and prompt.encode() in seen:
        os.write(terminal, answer.encode())
        typed = True
sys.stdout.buffer.write(seen)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
