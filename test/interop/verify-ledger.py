"""Verifies a ledger of Sallyport from the description in docs/audit.md: verify-ledger.py PUBLIC_KEY.pem FILE..."""
import base64
import hashlib
import json
import re
import subprocess
import sys
import tempfile

SEALED = re.compile(rb'^(.*,"seq":([1-9][0-9]*)),"hash":"([0-9a-f]{64})"\}$', re.S)


def is_signed(public_key, text, signature):
    with tempfile.NamedTemporaryFile() as data, tempfile.NamedTemporaryFile() as sig:
        data.write(text), data.flush()
        sig.write(base64.b64decode(signature)), sig.flush()
        command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", public_key, "-rawin"]
        return subprocess.run([*command, "-in", data.name, "-sigfile", sig.name], capture_output=True).returncode == 0


def verify(public_key, files):
    seq, previous, signed = 0, b"0" * 64, 0
    for file in files:
        for number, line in enumerate(open(file, "rb"), 1):
            where = f"{file}:{number}"
            covered, own_seq, own_hash = SEALED.match(line.rstrip(b"\n")).groups()
            if int(own_seq) != seq + 1:
                sys.exit(f"{where}: {own_seq.decode()} follows {seq}")
            if hashlib.sha256(previous + covered).hexdigest().encode() != own_hash:
                sys.exit(f"{where}: the hash is not that of the line")
            entry = json.loads(line)
            if entry.get("event") == "audit.checkpoint":
                details = entry["details"]
                text = f"sallyport ledger checkpoint\n{seq}\n{previous.decode()}\n{entry['time']}\n".encode()
                if not is_signed(public_key, text, details["signature"]):
                    sys.exit(f"{where}: the signature is not valid")
                signed = seq
            seq, previous = int(own_seq), own_hash
    print(f"intact: {seq} lines, signed to {signed}")


verify(sys.argv[1], sys.argv[2:])
