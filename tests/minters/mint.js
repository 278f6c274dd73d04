// Node with jsonwebtoken, which adds `iat` by itself.
const { readFileSync } = require("node:fs");
const jwt = require("jsonwebtoken");

for (const line of readFileSync(0, "utf8").split("\n").filter(Boolean)) {
  const [kid, file, uri, exp, nbf, algorithm] = line.split("\t");
  const claims = { uri };
  if (exp) claims.exp = Number(exp);
  if (nbf) claims.nbf = Number(nbf);
  console.log(jwt.sign(claims, readFileSync(file), { algorithm, keyid: kid }));
}
