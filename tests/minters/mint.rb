# Ruby with ruby-jwt.
require 'jwt'
require 'openssl'
require 'rbnacl'

def read_key(file, alg)
  bytes = File.binread(file)
  case alg
  when /^HS/ then bytes
  # PKCS #8 ends in the seed, and ruby-jwt signs EdDSA with RbNaCl's keys alone.
  when 'EdDSA' then RbNaCl::Signatures::Ed25519::SigningKey.new(bytes.lines[1].unpack1('m')[-32..])
  else OpenSSL::PKey.read(bytes)
  end
end

STDIN.set_encoding('UTF-8')
STDIN.each_line(chomp: true) do |line|
  kid, file, uri, exp, nbf, alg = line.split("\t", -1)
  claims = { uri: uri }
  claims[:exp] = exp.to_i unless exp.empty?
  claims[:nbf] = nbf.to_i unless nbf.empty?
  puts JWT.encode(claims, read_key(file, alg), alg, { alg: alg, typ: 'JWT', kid: kid })
end
