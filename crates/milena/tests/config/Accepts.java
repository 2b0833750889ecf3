// Whether Java's producer accepts properties files: one line for each file of a folder, `NAME: accepts` or `NAME: refuses`
// with the reason; before them one line for each property of the producer, `property: NAME`. The files are read as Java's tools read them (`Utils.loadProps`), and the serializers are set in code,
// as by kafka-console-producer. No broker is needed.

import java.io.File;
import java.time.Duration;
import java.util.Arrays;
import java.util.Properties;
import java.util.TreeSet;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.utils.Utils;

public class Accepts {
    public static void main(String[] arguments) throws Exception {
        for (String name : new TreeSet<>(ProducerConfig.configNames())) {
            System.out.println("property: " + name);
        }
        File[] files = new File(arguments[0]).listFiles((folder, name) -> name.endsWith(".properties"));
        Arrays.sort(files);
        for (File file : files) {
            Properties properties = Utils.loadProps(file.getPath());
            properties.put(ProducerConfig.KEY_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class.getName());
            properties.put(ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class.getName());
            System.out.println(file.getName() + ": " + verdict(properties));
        }
        System.exit(0);
    }

    private static String verdict(Properties properties) {
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(properties)) {
            producer.close(Duration.ZERO);
            return "accepts";
        } catch (Exception error) {
            Throwable cause = error;
            while (cause.getCause() != null) {
                cause = cause.getCause();
            }
            return "refuses: " + String.valueOf(cause.getMessage()).replace('\n', ' ');
        }
    }
}
