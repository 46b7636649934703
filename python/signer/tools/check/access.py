"""How the target lets us in, and how curl lines say it: by files, which hold the secrets."""

import shlex
from pathlib import Path

from ..credentials import AccessFiles, authorization, only_word, tls_context
from .target import Access


def read_access(files: AccessFiles, token_file: Path | None) -> Access:
    """What the files hold, for a target. Raises ConfigError."""
    headers = {}
    if files.auth_file:
        headers["Authorization"] = authorization(files)
    token = ""
    if token_file:
        token = only_word(token_file, "a token")
    return Access(tls_context(files), headers, token, _curl_flags(files), _curl_token(token_file))


def _curl_flags(files: AccessFiles) -> list[str]:
    """The flags that let curl in: names of files, and no secret."""
    flags = []
    if files.is_insecure:
        flags.append("--insecure")
    if files.tls_ca:
        flags += ["--cacert", shlex.quote(str(files.tls_ca))]
    if files.tls_client_cert:
        flags += ["--cert", shlex.quote(str(files.tls_client_cert))]
    if files.tls_client_key:
        flags += ["--key", shlex.quote(str(files.tls_client_key))]
    if files.auth_file:
        flags += ["--user", f'"$(grep -v ^# {shlex.quote(str(files.auth_file))} | head -n 1)"']
    return flags


def _curl_token(token_file: Path | None) -> list[str]:
    if not token_file:
        return []
    return ["-H", f'"Authorization: Bearer $(cat {shlex.quote(str(token_file))})"']
