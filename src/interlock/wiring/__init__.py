"""The one room that knows which adapter plays which part."""
