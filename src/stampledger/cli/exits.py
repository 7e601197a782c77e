"""What a command ends with."""

OK = 0
REFUSED = 1  # A rule of the programme says no, or there is no such thing.
USAGE = 2  # The command, or a file it was given, is not right.
CORRUPT = 3  # What is stored is not what was written.
STORAGE = 4  # The database, or the disk, cannot do it now.
INTERRUPTED = 130  # Ctrl-C; as shells have it: 128 and the signal's number.
PIPE_CLOSED = 141  # Whoever read the output has gone.
