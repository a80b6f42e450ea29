"""The door: argv -> the one `tinbao` command."""

from gateway.cli import main

if __name__ == "__main__":
    main()
