"""Akamai EdgeAuth tokens with Akamai's generator for Python."""

import json
import sys

from akamai.edgeauth import EdgeAuth


def sign(job):
    auth = EdgeAuth(
        key=job["key"],
        algorithm=job.get("algorithm", "sha256"),
        salt=job.get("salt"),
        ip=job.get("ip"),
        payload=job.get("data"),
        session_id=job.get("id"),
        start_time=job.get("starts"),
        end_time=job.get("expires"),
        window_seconds=job.get("window"),
        escape_early=job.get("escape_early", False),
    )
    return auth.generate_acl_token(job["acl"]) if "acl" in job else auth.generate_url_token(job["url"])


def answer(line):
    try:
        return {"token": sign(json.loads(line))}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}


for line in sys.stdin.buffer.read().splitlines():
    print(json.dumps(answer(line)))
