"""Why a target cannot be reached, in words that need no source code."""

import os
import re
import socket
import ssl

NUMBER = re.compile(r"\[Errno -?\d+\] ")
NO_TLS = {"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE"}  # OpenSSL's words for other bytes


def reason_of(error: Exception) -> str:
    """What went wrong, without numbers of errors and lines of C."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"certificate verify failed: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return _reason_of_tls(error)
    if isinstance(error, socket.gaierror):  # its numbers are others
        return error.strerror or "its name is unknown"
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno)
    if isinstance(error, TimeoutError):
        return "it does not answer in time"
    return NUMBER.sub("", str(error)) or type(error).__name__


def _reason_of_tls(error: ssl.SSLError) -> str:
    if error.reason in NO_TLS:
        return "it does not speak TLS, so it may speak http"
    if error.reason:
        return f"TLS failed: {error.reason.lower().replace('_', ' ')}"
    return f"TLS failed: {error.strerror or type(error).__name__}"
