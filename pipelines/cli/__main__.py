"""`python -m pipelines.cli`: the `coldaisle` command where it is not on the path."""

from pipelines.cli.main import main

if __name__ == "__main__":
    main()
