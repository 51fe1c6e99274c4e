"""How a station and a template reach their CSMS: the part of their fields that is the link."""

from __future__ import annotations

from django.db import models
from django_mongodb_backend.fields import ArrayField

from stations.link import proxies, tls_protocols

TLS_CHOICES = [(version, f"TLS {version}") for version in tls_protocols.VERSIONS]


class LinkDesign(models.Model):
    """Fields alone; the rules are in validation.py."""

    offered_versions = ArrayField(
        models.CharField(max_length=8),
        default=list,
        blank=True,
        help_text="Offered to the CSMS in this order, e.g. 2.1, 2.0.1, 1.6; it chooses one for the "
        "connection. Empty: the OCPP version alone.",
    )
    csms_url = models.CharField(
        "CSMS address",
        max_length=500,
        help_text="ws:// or wss://. The identity is appended, unless the address ends with it "
        "or contains {identity}.",
    )
    tls_verify = models.BooleanField(
        "check the CSMS's certificate", default=True, help_text="wss:// only."
    )
    tls_ca_pem = models.TextField(
        "CA certificates (PEM)", blank=True, default="", help_text="Empty: the system's own."
    )
    tls_min_version = models.CharField(
        "lowest TLS version",
        max_length=4,
        choices=TLS_CHOICES,
        blank=True,
        default="",
        help_text="Empty: 1.2, the oldest that OCPP allows.",
    )
    tls_max_version = models.CharField(
        "highest TLS version",
        max_length=4,
        choices=TLS_CHOICES,
        blank=True,
        default="",
        help_text="Empty: the newest there is.",
    )
    tls_ciphers = models.CharField(
        "TLS ciphers",
        max_length=tls_protocols.LONGEST_LIST,
        blank=True,
        default="",
        help_text="Up to TLS 1.2, as OpenSSL names them, separated by colons. Empty: OpenSSL's.",
    )
    compression = models.BooleanField(
        default=False, help_text="Offer permessage-deflate (RFC 7692)."
    )
    proxy_url = models.CharField(
        "HTTP proxy",
        max_length=300,
        blank=True,
        default="",
        help_text="http://host:port of a proxy for the connection (CONNECT). Empty: none.",
    )
    proxy_username = models.CharField(
        "user name at the proxy", max_length=proxies.LONGEST, blank=True, default=""
    )

    class Meta:
        abstract = True
