"""The front door: register, import, query, one asset's page."""
