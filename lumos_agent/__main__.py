"""`python -m lumos_agent` is `lumos`."""

from lumos_agent.cli import main

if __name__ == "__main__":
    main()
