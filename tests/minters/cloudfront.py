"""CloudFront signed URLs with botocore's CloudFrontSigner, which leaves the signature itself to a callback.

A job with `verify` is a signed URL of another signer: its signature is verified, and its policy is the answer.
"""

import base64
import functools
import json
import sys
from datetime import datetime, timezone
from urllib.parse import parse_qsl, urlsplit

from botocore.signers import CloudFrontSigner
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key


@functools.lru_cache
def signer(key_pair_id, pem):
    key = load_pem_private_key(pem.encode(), None)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return CloudFrontSigner(key_pair_id, lambda message: key.sign(message, ec.ECDSA(SHA1())))
    return CloudFrontSigner(key_pair_id, lambda message: key.sign(message, padding.PKCS1v15(), SHA1()))


def date(seconds):
    return None if seconds is None else datetime.fromtimestamp(seconds, timezone.utc)


def sign(job):
    if job.get("cookies") or job.get("hash", "SHA1") != "SHA1":
        raise ValueError("botocore writes URLs alone, with SHA-1 alone")
    cloudfront = signer(job["key_pair_id"], job["key"])
    url, expires = job["url"], date(job.get("expires"))
    resource, starts, ip = job.get("resource"), date(job.get("starts")), job.get("ip")
    if "policy" in job:
        return cloudfront.generate_presigned_url(url, policy=job["policy"])
    if resource or starts or ip:
        policy = cloudfront.build_policy(resource or url, expires, starts, ip)
        return cloudfront.generate_presigned_url(url, policy=policy)
    return cloudfront.generate_presigned_url(url, date_less_than=expires)


def decode(text):
    return base64.b64decode(text.translate(str.maketrans("-_~", "+=/")), validate=True)


def verify(job):
    url = job["verify"]
    parts = dict(parse_qsl(urlsplit(url).query))
    if "Policy" in parts:
        policy = decode(parts["Policy"])
    else:
        policy = CloudFrontSigner.build_policy(None, job["resource"], date(int(parts["Expires"]))).encode()
    key, signature = load_pem_public_key(job["key"].encode()), decode(parts["Signature"])
    digest = {"SHA1": SHA1, "SHA256": SHA256}[parts.get("Hash-Algorithm", "SHA1")]()
    if isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(signature, policy, ec.ECDSA(digest))
    else:
        key.verify(signature, policy, padding.PKCS1v15(), digest)
    return {"policy": json.loads(policy), "key_pair_id": parts["Key-Pair-Id"]}


def answer(line):
    try:
        job = json.loads(line)
        return verify(job) if "verify" in job else {"url": sign(job)}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}


for line in sys.stdin.buffer.read().splitlines():
    print(json.dumps(answer(line)))
