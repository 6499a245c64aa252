"""`python -m ipose`, the same as the `ipose` command."""

from ipose.cli.main import main

if __name__ == "__main__":
    main()
