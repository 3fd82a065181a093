"""Office 365: Microsoft Graph over plain HTTP, msal for tokens. `account.py` is the provider and its system."""
