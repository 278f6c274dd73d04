// Akamai EdgeAuth tokens with Akamai's generator for Node.
const { readFileSync } = require("node:fs");
const EdgeAuth = require("akamai-edgeauth");

function answer(job) {
  const auth = new EdgeAuth({
    key: job.key,
    algorithm: job.algorithm,
    salt: job.salt,
    ip: job.ip,
    payload: job.data,
    sessionId: job.id,
    startTime: job.starts,
    endTime: job.expires,
    windowSeconds: job.window,
    escapeEarly: job.escape_early,
  });
  return { token: job.acl === undefined ? auth.generateURLToken(job.url) : auth.generateACLToken(job.acl) };
}

const answers = readFileSync(0, "utf8").split("\n").filter(Boolean).map((line) => {
  try {
    return answer(JSON.parse(line));
  } catch (error) {
    return { error: `${error.name}: ${error.message}` };
  }
});
process.stdout.write(answers.map((answer) => `${JSON.stringify(answer)}\n`).join(""));
