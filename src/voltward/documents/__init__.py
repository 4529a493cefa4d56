"""TOML documents that users write, and the checked tables of settings they are read into."""
