<?php
// PHP as firebase/php-jwt writes it: `typ` first, and json_encode's own escapes, `\/` and `\u00e9`.

function base64url(string $bytes): string
{
    return rtrim(strtr(base64_encode($bytes), '+/', '-_'), '=');
}

function sign(string $text, string $key, string $alg): string
{
    $hash = 'sha' . substr($alg, 2);
    if (str_starts_with($alg, 'HS')) {
        return hash_hmac($hash, $text, $key, true);
    }
    openssl_sign($text, $signature, $key, $hash) || exit(1);
    return $signature;
}

while (($line = fgets(STDIN)) !== false) {
    [$kid, $file, $uri, $exp, $nbf, $alg] = explode("\t", rtrim($line, "\n"));
    $header = ['typ' => 'JWT', 'alg' => $alg, 'kid' => $kid];
    $claims = ['uri' => $uri];
    if ($exp !== '') {
        $claims['exp'] = (int) $exp;
    }
    if ($nbf !== '') {
        $claims['nbf'] = (int) $nbf;
    }
    $text = base64url(json_encode($header)) . '.' . base64url(json_encode($claims));
    echo $text, '.', base64url(sign($text, file_get_contents($file), $alg)), "\n";
}
