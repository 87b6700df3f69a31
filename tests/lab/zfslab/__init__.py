"""The lab: guests with a real OpenZFS, and commands run in them.

    cli        the command line and its exit codes
    guest      one guest, from its folder to its end; commands handed to it
    qemu       the emulator's argv, and its process
    channel    what host and agent say to each other
    worktree   which files of the checkout a guest lacks
    wheel      the project's wheel, built on the host and unpacked for guests
    image      the cache of images, keyed by their recipe
    store      the cache folder, its locks
    errors     LabError

Standard library only: the lab has to run on a fresh machine.
"""
