import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Java as the sample with jjwt writes it: no kid, no typ, the key's name in jti, the key file's text as secret. */
public final class Minter {
    public static void main(String[] arguments) throws Exception {
        var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line; (line = lines.readLine()) != null; ) {
            var fields = line.split("\t", -1);
            var claims = "{\"jti\":" + quoted(fields[0]) + ",\"uri\":" + quoted(fields[2])
                + (fields[3].isEmpty() ? "" : ",\"exp\":" + fields[3])
                + (fields[4].isEmpty() ? "" : ",\"nbf\":" + fields[4]) + "}";
            var text = base64url(utf8("{\"alg\":\"HS256\"}")) + "." + base64url(utf8(claims));
            var mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(Files.readAllBytes(Path.of(fields[1])), "HmacSHA256"));
            System.out.println(text + "." + base64url(mac.doFinal(utf8(text))));
        }
    }

    private static String quoted(String text) {
        return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String base64url(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }
}
