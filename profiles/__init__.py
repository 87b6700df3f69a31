"""Profiles as data: one TOML file each, installed as ``zfstune._profiles``."""
