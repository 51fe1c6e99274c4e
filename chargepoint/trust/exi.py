"""What passes between car and backend in Get15118EVCertificate.

A station passes these bytes on without reading them, and so does OCPP: base64 of EXI. We do not
code EXI. The bytes are the same message of ISO 15118-2 as XML text (UTF-8), with true
certificates in it; a CSMS that decodes EXI cannot read it, one that passes it on can.
"""

import base64
import binascii
from xml.sax.saxutils import escape

import re2
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from chargepoint.trust.certificates import pem_of, read_chain
from chargepoint.trust.contracts import Chain, provisioning_certificate, without_root

MESSAGES_2 = "urn:iso:15118:2:2013:MsgDef"
MESSAGES_20 = "urn:iso:std:iso:15118:-20:CommonMessages"
_BODY = "urn:iso:15118:2:2013:MsgBody"
_CERTIFICATE = re2.compile(rb"<(?:\w+:)?(?:Sub)?Certificate>([A-Za-z0-9+/=\s]+)</")


def installation_request(emaid: str, roots: Chain, time: float, longest: int = 5600) -> str:
    """CertificateInstallationReq; at most `longest` characters of base64."""
    own = f"<OEMProvisioningCert>{_der(provisioning_certificate(emaid, time))}"
    return _message("CertificateInstallationReq", f"{own}</OEMProvisioningCert>", roots, longest)


def update_request(emaid: str, chain: Chain, roots: Chain, longest: int = 5600) -> str:
    """CertificateUpdateReq with the contract chain that is to be replaced."""
    leaf, *above = without_root(chain)
    subs = "".join(f"<Certificate>{_der(certificate)}</Certificate>" for certificate in above)
    inner = f"<Certificate>{_der(leaf)}</Certificate><SubCertificates>{subs}</SubCertificates>"
    inner = f"<ContractSignatureCertChain>{inner}</ContractSignatureCertChain>"
    inner += f"<eMAID>{escape(emaid)}</eMAID>"
    return _message("CertificateUpdateReq", inner, roots, longest)


def contract_in(response: str) -> str:
    """The contract chain (PEM) that an exiResponse brings readably; "" for true EXI."""
    try:
        given = base64.b64decode(response, validate=True)
    except (binascii.Error, ValueError):
        return ""
    if b"-----BEGIN CERTIFICATE-----" in given:
        found = read_chain(given.decode("ascii", "replace"))
        return "".join(pem_of(certificate) for certificate in found)
    try:
        ders = [base64.b64decode(text) for text in _CERTIFICATE.findall(given)]
        return "".join(pem_of(x509.load_der_x509_certificate(der)) for der in ders)
    except ValueError:
        return ""


def _message(name: str, inner: str, roots: Chain, longest: int) -> str:
    for count in range(len(roots), -1, -1):  # as many of the known roots as there is room for
        known = "".join(_root(root) for root in roots[:count])
        ids = f"<ListOfRootCertificateIDs>{known}</ListOfRootCertificateIDs>" if known else ""
        body = f'<{name} xmlns="{_BODY}">{inner}{ids}</{name}>'
        text = f'<V2G_Message xmlns="{MESSAGES_2}"><Body>{body}</Body></V2G_Message>'
        coded = base64.b64encode(text.encode()).decode()
        if len(coded) <= longest:
            return coded
    return ""


def _root(root: x509.Certificate) -> str:
    name, serial = escape(root.issuer.rfc4514_string()), root.serial_number
    issuer = f"<X509IssuerName>{name}</X509IssuerName>"
    issuer += f"<X509SerialNumber>{serial}</X509SerialNumber>"
    return f"<RootCertificateID>{issuer}</RootCertificateID>"


def _der(certificate: x509.Certificate) -> str:
    return base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()
