// C# as System.IdentityModel.Tokens.Jwt writes it: dates in strings. As the sample stands it signs by HMAC with
// the key file's text, and names that by a URI; with `--rsa`, as its comment suggests, by RS256.
const { createHmac, createSign } = require("node:crypto");
const { readFileSync } = require("node:fs");

const rsa = process.argv.includes("--rsa");
const alg = rsa ? "RS256" : "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256";
const base64url = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

for (const line of readFileSync(0, "utf8").split("\n").filter(Boolean)) {
  const [kid, file, uri, exp, nbf] = line.split("\t");
  const claims = { uri };
  if (exp) claims.exp = exp;
  if (nbf) claims.nbf = nbf;
  const text = `${base64url({ alg, typ: "JWT", kid })}.${base64url(claims)}`;
  const key = readFileSync(file);
  const signature = rsa
    ? createSign("sha256").update(text).sign(key)
    : createHmac("sha256", key).update(text).digest();
  console.log(`${text}.${signature.toString("base64url")}`);
}
