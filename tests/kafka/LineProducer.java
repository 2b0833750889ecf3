// Java's producer, driven line by line: java -cp 'libs/*' LineProducer.java SERVERS TOPIC
//
// Each line of standard input is the value of a record, which is sent at once. What became of it is a line of standard
// output: "acked OFFSET VALUE" or "failed ERROR VALUE". The end of the input closes the producer.
//
// Idempotent, acks=all, linger.ms=0, five requests in flight, and Java's own defaults for everything else.

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;

public final class LineProducer {
    public static void main(String[] arguments) throws Exception {
        Map<String, Object> settings = Map.of(
            "bootstrap.servers", arguments[0],
            "acks", "all",
            "enable.idempotence", true,
            "linger.ms", 0,
            "max.in.flight.requests.per.connection", 5);
        var input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        var serializer = new StringSerializer();
        try (var producer = new KafkaProducer<String, String>(settings, serializer, serializer)) {
            for (String value = input.readLine(); value != null; value = input.readLine()) {
                String sent = value;
                producer.send(new ProducerRecord<>(arguments[1], sent), (metadata, error) -> {
                    String outcome = error == null ? "acked " + metadata.offset() : "failed " + error.getClass().getSimpleName();
                    System.out.println(outcome + " " + sent);
                });
            }
        }
    }
}
