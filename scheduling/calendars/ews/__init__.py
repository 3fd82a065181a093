"""Exchange on-premises, through exchangelib. `system.py` signs in, `account.py` is the provider."""
