"""A profile of a site's own, which extends one that zfstune ships."""

from __future__ import annotations

OWN = """
name = "shop"
summary = "A shop"
extends = "postgres"
[[dataset]]
path = "postgres"
mode = "0750"
[dataset.properties.recordsize]
value = "16K"
why = "Measured here."
source = "https://shop.example/"
[[dataset]]
path = "postgres/archive"
[variant.big]
summary = "Larger"
source = "https://shop.example/"
[variant.big.dataset."postgres/archive"]
recordsize = { value = "1M", why = "Read whole." }
"""
