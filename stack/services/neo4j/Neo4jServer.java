import java.nio.file.Path;
import org.neo4j.dbms.api.DatabaseManagementServiceBuilder;

/** Neo4j Community as a process of its own: java Neo4jServer HOME CONF. Ends, cleanly, on SIGTERM. */
public class Neo4jServer {
  public static void main(String[] args) throws InterruptedException {
    var service =
        new DatabaseManagementServiceBuilder(Path.of(args[0]))
            .loadPropertiesFromFile(Path.of(args[1]))
            .build();
    Runtime.getRuntime().addShutdownHook(new Thread(service::shutdown));
    System.out.println("Neo4j is up");
    Thread.currentThread().join();
  }
}
