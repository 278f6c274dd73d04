// CloudFront signed URLs and cookies with @aws-sdk/cloudfront-signer.
const { readFileSync } = require("node:fs");
const { getSignedCookies, getSignedUrl } = require("@aws-sdk/cloudfront-signer");

// The SDK takes a policy as text and has no helper that writes one: this is the shape of its README.
function policyFor({ resource, expires, starts, ip }) {
  const Condition = { DateLessThan: { "AWS:EpochTime": expires } };
  if (starts !== undefined) Condition.DateGreaterThan = { "AWS:EpochTime": starts };
  if (ip !== undefined) Condition.IpAddress = { "AWS:SourceIp": ip };
  return JSON.stringify({ Statement: [{ Resource: resource, Condition }] });
}

function answer(job) {
  const { url, expires, starts, ip, key, key_pair_id: keyPairId, hash: algorithm } = job;
  const date = (seconds) => (seconds === undefined ? undefined : new Date(seconds * 1000));
  const options = { url, keyPairId, privateKey: key, algorithm };
  if (job.policy !== undefined || job.resource !== undefined) {
    options.policy = job.policy ?? policyFor(job);
  } else {
    Object.assign(options, { dateLessThan: date(expires), dateGreaterThan: date(starts), ipAddress: ip });
  }
  return job.cookies ? { cookies: getSignedCookies(options) } : { url: getSignedUrl(options) };
}

const answers = readFileSync(0, "utf8").split("\n").filter(Boolean).map((line) => {
  try {
    return answer(JSON.parse(line));
  } catch (error) {
    return { error: `${error.name}: ${error.message}` };
  }
});
process.stdout.write(answers.map((answer) => `${JSON.stringify(answer)}\n`).join(""));
