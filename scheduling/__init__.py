"""The shared scheduling service: any front end may call it. It knows no Slack and no HTTP server."""
