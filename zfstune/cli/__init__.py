"""The front door: parse the command line, call the library, print, exit."""
