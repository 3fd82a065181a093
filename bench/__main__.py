"""`python -m bench`: every table."""

from bench import acks, slots

if __name__ == "__main__":
    slots.main()
    acks.main()
