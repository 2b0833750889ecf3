// Writes the golden files of record batches with Kafka's own classes: java -cp 'libs/*' Batches.java FOLDER
//
// Kafka 4.4 or later: in older releases `ByteBufferOutputStream` is in another package. Kafka 4.3 writes the same bytes.
//
// NAME.batches holds the same records five times, not compressed and by each codec; NAME.txt is what Kafka reads in it.
// With a second argument no batch is written: every NAME.batches of the folder gets its NAME.txt.

import java.io.File;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.function.Consumer;
import java.util.zip.CRC32C;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.message.LeaderChangeMessage;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.CompressionType;
import org.apache.kafka.common.record.internal.ControlRecordType;
import org.apache.kafka.common.record.internal.EndTransactionMarker;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MemoryRecordsBuilder;
import org.apache.kafka.common.record.internal.MutableRecordBatch;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.apache.kafka.common.utils.internals.ByteBufferOutputStream;

public final class Batches {
    private static final long T = 1_700_000_000_000L;
    private static final int BUFFER = 1 << 17;

    private final Path folder;

    private Batches(Path folder) {
        this.folder = folder;
    }

    public static void main(String[] arguments) throws Exception {
        Batches batches = new Batches(Path.of(arguments[0]));
        if (arguments.length == 1) {
            batches.write();
        }
        File[] files = batches.folder.toFile().listFiles((folder, name) -> name.endsWith(".batches"));
        for (File file : files) {
            batches.read(file.toPath());
        }
    }

    private void write() throws Exception {
        plain("one", one -> one.append(T, bytes("key"), bytes("value")));
        plain("many", many -> {
            for (int i = 0; i < 70; i++) {
                many.append(T + 3 * i, bytes("k" + i % 7), bytes("value " + i + " of a batch, of a batch"));
            }
        });
        plain("nulls", nulls -> {
            nulls.append(T, (byte[]) null, null);
            nulls.append(T, bytes(""), bytes(""));
            nulls.append(T, null, bytes(""));
            nulls.append(T, bytes(""), null);
            nulls.append(T, bytes("k"), null);
        });
        plain("headers", Batches::headers);
        plain("lengths", lengths -> {
            for (int length : new int[] {63, 64, 65, 127, 128, 8191, 8192}) {
                lengths.append(T, null, pattern(length));
            }
        });
        plain("big", big -> big.append(T, bytes("big"), pattern(20_000)));
        plain("descending", descending -> {
            for (long timestamp : new long[] {T, T - 1, T - 100_000, 0, -1, T + 1}) {
                descending.append(timestamp, null, bytes("d"));
            }
        });
        plain("apart", apart -> {
            for (long timestamp : new long[] {0, 1L << 31, 1L << 40, Long.MAX_VALUE, 63, 64, 8191, 8192}) {
                apart.append(timestamp, null, bytes("a"));
            }
        });
        of("wraps", TimestampType.CREATE_TIME, 0, -1, 4711, 7, Integer.MAX_VALUE - 1, false, -1, -1, Batches::three);
        of("transactional", TimestampType.CREATE_TIME, 0, -1, Long.MAX_VALUE, 32_766, 0, true, -1, -1, Batches::three);
        of("appended", TimestampType.LOG_APPEND_TIME, 1_234_567_890_123L, T + 9_999, 1, 0, 5, false, 42, -1,
            Batches::three);
        of("cleaned", TimestampType.CREATE_TIME, 100, -1, 1, 0, 5, false, 42, -1, cleaned -> {
            for (long offset : new long[] {102, 103, 107}) {
                cleaned.appendWithOffset(offset, T + offset, bytes("c"), bytes("v"));
            }
            cleaned.overrideLastOffset(109);
        });
        of("horizon", TimestampType.CREATE_TIME, 100, -1, 1, 0, 5, false, 42, T + 777, Batches::three);
        markers();
    }

    private static void three(MemoryRecordsBuilder three) {
        for (int i = 0; i < 3; i++) {
            three.append(T + i, bytes("key"), bytes("a value that comes three times"));
        }
    }

    private static void headers(MemoryRecordsBuilder headers) {
        Header[] few = {
            new RecordHeader("name", bytes("first")), new RecordHeader("", (byte[]) null),
            new RecordHeader("name", bytes("second")), new RecordHeader("Ж", bytes("")),
        };
        Header[] many = new Header[70];
        Arrays.fill(many, new RecordHeader("again", bytes("and again")));
        headers.append(T, bytes("few"), null, few);
        headers.append(T, bytes("none"), null);
        headers.append(T, bytes("many"), null, many);
    }

    /** A batch as a producer without idempotence writes it. */
    private void plain(String name, Consumer<MemoryRecordsBuilder> fill) throws Exception {
        of(name, TimestampType.CREATE_TIME, 0, -1, -1, -1, -1, false, -1, -1, fill);
    }

    private void of(String name, TimestampType type, long offset, long appendTime, long producer, int epoch,
                    int sequence, boolean transactional, int leaderEpoch, long horizon,
                    Consumer<MemoryRecordsBuilder> fill) throws Exception {
        ByteBuffer all = ByteBuffer.allocate(5 * BUFFER);
        for (CompressionType compression : CompressionType.values()) {
            MemoryRecordsBuilder builder = new MemoryRecordsBuilder(new ByteBufferOutputStream(BUFFER),
                RecordBatch.MAGIC_VALUE_V2, Compression.of(compression).build(), type, offset, appendTime, producer,
                (short) epoch, sequence, transactional, false, leaderEpoch, BUFFER, horizon);
            fill.accept(builder);
            all.put(builder.build().buffer());
        }
        put(name, all);
    }

    private void markers() throws Exception {
        ByteBuffer all = ByteBuffer.allocate(BUFFER);
        all.put(MemoryRecords.withEndTransactionMarker(512, T, 3, 4711, (short) 7,
            new EndTransactionMarker(ControlRecordType.COMMIT, 9)).buffer());
        all.put(MemoryRecords.withEndTransactionMarker(513, T + 1, 3, 4711, (short) 7,
            new EndTransactionMarker(ControlRecordType.ABORT, -1)).buffer());
        all.put(MemoryRecords.withLeaderChangeMessage(514, T, 3, ByteBuffer.allocate(BUFFER),
            new LeaderChangeMessage().setLeaderId(1)).buffer());
        put("markers", all);
    }

    private void put(String name, ByteBuffer batches) throws Exception {
        Files.write(folder.resolve(name + ".batches"), Arrays.copyOf(batches.array(), batches.position()));
    }

    /** What Kafka reads in a file. */
    private void read(Path file) throws Exception {
        StringBuilder text = new StringBuilder();
        MemoryRecords records = MemoryRecords.readableRecords(ByteBuffer.wrap(Files.readAllBytes(file)));
        for (MutableRecordBatch batch : records.batches()) {
            batch.ensureValid();
            text.append("batch offsets=%d..%d count=%d compression=%s time=%s max=%d producer=%d epoch=%d".formatted(
                batch.baseOffset(), batch.lastOffset(), batch.countOrNull(), batch.compressionType().name,
                batch.timestampType().name, batch.maxTimestamp(), batch.producerId(), batch.producerEpoch()));
            text.append(" sequences=%d..%d transactional=%b control=%b leader=%d horizon=%d\n".formatted(
                batch.baseSequence(), batch.lastSequence(), batch.isTransactional(), batch.isControlBatch(),
                batch.partitionLeaderEpoch(), batch.deleteHorizonMs().orElse(-1)));
            for (Record record : batch) {
                text.append("  offset=%d time=%d sequence=%d key=%s value=%s".formatted(record.offset(),
                    record.timestamp(), record.sequence(), shown(record.key()), shown(record.value())));
                for (Header header : record.headers()) {
                    byte[] value = header.value();
                    text.append(" %s=%s".formatted(shown(ByteBuffer.wrap(bytes(header.key()))),
                        shown(value == null ? null : ByteBuffer.wrap(value))));
                }
                text.append('\n');
            }
        }
        String name = file.getFileName().toString().replace(".batches", ".txt");
        Files.writeString(folder.resolve(name), text);
    }

    /** Length and contents, or their CRC-32C. */
    private static String shown(ByteBuffer buffer) {
        if (buffer == null) {
            return "null";
        }
        byte[] bytes = new byte[buffer.remaining()];
        buffer.duplicate().get(bytes);
        CRC32C crc = new CRC32C();
        crc.update(bytes);
        String digits = bytes.length <= 16 ? HexFormat.of().formatHex(bytes) : "%08x".formatted(crc.getValue());
        return bytes.length + ":" + digits;
    }

    private static byte[] pattern(int length) {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) (i * 31 % 251);
        }
        return bytes;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
