import io.github.seed45446ece.launcher.LauncherContext;
import java.util.Map;

/** A handler written in Java. */
final class Score {
    public static void main(String[] args) {
        LauncherContext context = LauncherContext.get();
        Map<String, Object> metadata = context.metadata();
        Map<?, ?> labels = (Map<?, ?>) metadata.get("labels");
        System.out.println(metadata.get("name") + " of " + metadata.get("project") + ", by team " + labels.get("team"));
        System.out.println("db_name: " + context.getParam("db_name", "test"));

        String key = context.getSecret("signing-key").orElseThrow(); // SIGNING_KEY answers
        System.out.println("SIGNING_KEY: " + key.lines().count() + " lines");
        String token = context.getSecret("API_TOKEN").orElseThrow();
        System.out.println("API_TOKEN: " + token.charAt(0) + "***");
        String empty = context.getSecret("EMPTY").orElseThrow(); // an empty value is a value
        System.out.println("EMPTY: " + empty.length() + " characters");
        System.out.println("PROXY_PASSWORD: " + context.getSecret("PROXY_PASSWORD").orElse("none"));
    }
}
