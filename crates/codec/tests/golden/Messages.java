// Writes the golden files of messages with Kafka's own classes: java -cp 'libs/*' Messages.java FOLDER
//
// One file a message. For each version there are three messages, drawn by the schema that lies in Kafka's jar: one with
// everything in it, one with nulls and empty values wherever they may be, one in between. Each takes two lines: the version
// and the message in the form of Kafka's JSON converters, its bytes in hexadecimal digits; and what Kafka makes of it on the
// wire. The same Kafka writes the same files each time; those that are kept are by Kafka 4.3, and 4.4 adds versions.

import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.BinaryNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.MessageUtil;

public final class Messages {
    private static final List<String> APIS = List.of(
        "Produce", "ListOffsets", "Metadata", "FindCoordinator", "SaslHandshake", "ApiVersions", "CreateTopics",
        "DeleteTopics", "InitProducerId", "AddPartitionsToTxn", "AddOffsetsToTxn", "EndTxn", "TxnOffsetCommit",
        "DescribeConfigs", "SaslAuthenticate", "CreatePartitions", "DescribeQuorum", "DescribeCluster",
        "DescribeProducers", "GetTelemetrySubscriptions", "PushTelemetry");
    private static final String[] WORDS = {"a", "orders", "b-2.example", "naïve", "Ж", "topic.with_dots"};
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
    private static final JsonMapper READER =
        JsonMapper.builder().enable(JsonReadFeature.ALLOW_JAVA_COMMENTS).build();

    /** How much of a message is there. */
    private enum Fill { ALL, LITTLE, SOME }

    private final JsonNode schema;
    private final short version;
    private final Fill fill;
    private final Random dice;

    private Messages(JsonNode schema, short version, Fill fill) {
        this.schema = schema;
        this.version = version;
        this.fill = fill;
        // Both `hashCode` of strings and the numbers of `Random` are specified.
        this.dice = new Random(schema.get("name").asText().hashCode() * 1000L + version * 10L + fill.ordinal());
    }

    public static void main(String[] arguments) throws Exception {
        Path folder = Path.of(arguments[0]);
        for (String api : APIS) {
            write(folder, api + "Request");
            write(folder, api + "Response");
        }
        write(folder, "FetchRequest");
    }

    private static void write(Path folder, String name) throws Exception {
        JsonNode schema;
        try (InputStream file = ApiMessage.class.getResourceAsStream("/common/message/" + name + ".json")) {
            schema = READER.readTree(file);
        }
        StringBuilder lines = new StringBuilder();
        String[] versions = schema.get("validVersions").asText().split("-");
        for (short version = Short.parseShort(versions[0]);
                version <= Short.parseShort(versions[versions.length - 1]); version++) {
            for (Fill fill : Fill.values()) {
                ObjectNode message = new Messages(schema, version, fill).struct(schema.get("fields"));
                lines.append(version).append(' ').append(readable(message)).append('\n');
                lines.append(HexFormat.of().formatHex(encode(name, message, version))).append('\n');
            }
        }
        Files.writeString(folder.resolve(name + ".txt"), lines);
    }

    private static byte[] encode(String name, ObjectNode message, short version) throws Exception {
        Class<?> converter = Class.forName("org.apache.kafka.common.message." + name + "DataJsonConverter");
        Object data = converter.getMethod("read", JsonNode.class, short.class).invoke(null, message, version);
        ByteBuffer bytes = MessageUtil.toByteBufferAccessor((ApiMessage) data, version).buffer();
        return MessageUtil.byteBufferToArray(bytes);
    }

    private ObjectNode struct(JsonNode fields) {
        ObjectNode struct = NODES.objectNode();
        for (JsonNode field : fields) {
            if (holds(field, "versions")) {
                String name = field.get("name").asText();
                struct.set(Character.toLowerCase(name.charAt(0)) + name.substring(1), value(field));
            }
        }
        return struct;
    }

    private JsonNode value(JsonNode field) {
        boolean mayBeNull = fill == Fill.LITTLE || fill == Fill.SOME && dice.nextInt(3) == 0;
        if (mayBeNull && holds(field, "nullableVersions")) {
            return NullNode.instance;
        }
        String type = field.get("type").asText();
        if (!type.startsWith("[]")) {
            return one(field, type);
        }
        ArrayNode array = NODES.arrayNode();
        for (int left = count(); left > 0; left--) {
            array.add(one(field, type.substring(2)));
        }
        return array;
    }

    private JsonNode one(JsonNode field, String type) {
        switch (type) {
            case "bool": return BooleanNode.valueOf(fill == Fill.ALL || dice.nextBoolean());
            case "int8": return IntNode.valueOf((byte) dice.nextInt());
            case "int16": return IntNode.valueOf((short) dice.nextInt());
            case "uint16": return IntNode.valueOf(dice.nextInt(1 << 16));
            case "int32": return IntNode.valueOf(dice.nextInt());
            case "int64": return LongNode.valueOf(dice.nextLong());
            case "uuid": return TextNode.valueOf(new Uuid(dice.nextLong(), dice.nextLong()).toString());
            case "string": return TextNode.valueOf(count() == 0 ? "" : WORDS[dice.nextInt(WORDS.length)]);
            case "bytes": case "records":
                byte[] bytes = new byte[3 * count()];
                dice.nextBytes(bytes);
                return BinaryNode.valueOf(bytes);
            default: return struct(fieldsOf(field, type));
        }
    }

    private int count() {
        return switch (fill) {
            case ALL -> 1;
            case LITTLE -> 0;
            case SOME -> dice.nextInt(3);
        };
    }

    /** The fields of a struct, which stand in the field itself or among those that several fields share. */
    private JsonNode fieldsOf(JsonNode field, String type) {
        if (field.has("fields")) {
            return field.get("fields");
        }
        for (JsonNode shared : schema.get("commonStructs")) {
            if (shared.get("name").asText().equals(type)) {
                return shared.get("fields");
            }
        }
        throw new IllegalArgumentException("no struct " + type);
    }

    /** Whether the version is within a range such as `3`, `0-12` or `3+`. */
    private boolean holds(JsonNode field, String range) {
        if (!field.has(range)) {
            return false;
        }
        String versions = field.get(range).asText();
        if (versions.endsWith("+")) {
            return version >= Short.parseShort(versions.substring(0, versions.length() - 1));
        }
        String[] ends = versions.split("-");
        return version >= Short.parseShort(ends[0]) && version <= Short.parseShort(ends[ends.length - 1]);
    }

    /** The same with bytes as hexadecimal digits. */
    private static JsonNode readable(JsonNode node) throws Exception {
        if (node instanceof BinaryNode binary) {
            return TextNode.valueOf(HexFormat.of().formatHex(binary.binaryValue()));
        }
        if (node instanceof ArrayNode array) {
            ArrayNode copy = NODES.arrayNode();
            for (JsonNode element : array) {
                copy.add(readable(element));
            }
            return copy;
        }
        if (node instanceof ObjectNode object) {
            ObjectNode copy = NODES.objectNode();
            for (var field : object.properties()) {
                copy.set(field.getKey(), readable(field.getValue()));
            }
            return copy;
        }
        return node;
    }
}
