"""Python with PyJWT."""

import sys

import jwt

sys.stdin.reconfigure(encoding="utf-8")
for line in sys.stdin:
    kid, file, uri, exp, nbf, alg = line.rstrip("\n").split("\t")
    claims = {"uri": uri}
    if exp:
        claims["exp"] = int(exp)
    if nbf:
        claims["nbf"] = int(nbf)
    with open(file, "rb") as key:
        print(jwt.encode(claims, key.read(), algorithm=alg, headers={"kid": kid}))
