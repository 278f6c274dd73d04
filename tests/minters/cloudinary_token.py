"""Akamai EdgeAuth tokens with Cloudinary's SDK for Python, which escapes `acl` as well as `url`."""

import json
import sys

from cloudinary import auth_token


def sign(job):
    if job.get("algorithm", "sha256") != "sha256" or {"id", "data", "salt"} & job.keys():
        raise ValueError("Cloudinary has SHA-256 alone, and neither id, data nor salt")
    named = auth_token.generate(
        url=job.get("url"),
        acl=job.get("acl"),
        start_time=job.get("starts"),
        duration=job.get("window"),
        expiration=job.get("expires"),
        ip=job.get("ip"),
        key=job["key"],
        token_name="token",
    )
    return named.removeprefix("token=")


def answer(line):
    try:
        return {"token": sign(json.loads(line))}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}


for line in sys.stdin.buffer.read().splitlines():
    print(json.dumps(answer(line)))
