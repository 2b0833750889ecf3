#!/usr/bin/env python3
"""librdkafka reads partition 0 of a topic, and prints it as Java's console consumer does.

    read_topic.py BOOTSTRAP TOPIC [--escaped]

With --escaped all bytes but printable ASCII are printed as \\xNN, as Java's BytesDeserializer has them; without it they
have to be UTF-8.
"""

import sys
import time

from confluent_kafka import TIMESTAMP_LOG_APPEND_TIME, Consumer, KafkaException, TopicPartition

# How long it may take, in seconds: the bound of a run that hangs, not a measure.
PATIENCE = 120
# What is not printable, and the backslash, as Latin-1 has them.
ESCAPES = {byte: f"\\x{byte:02X}" for byte in range(256) if not 32 <= byte <= 126 or byte == ord("\\")}


def main():
    bootstrap, topic, *options = sys.argv[1:]
    text = escaped if options == ["--escaped"] else utf8
    consumer = Consumer({
        "bootstrap.servers": bootstrap,
        "group.id": topic,
        "enable.auto.commit": False,
        "check.crcs": True,
    })
    place = TopicPartition(topic, 0, 0)
    left = consumer.get_watermark_offsets(place, timeout=PATIENCE)[1]
    consumer.assign([place])
    deadline = time.monotonic() + PATIENCE
    while left > 0:
        if time.monotonic() > deadline:
            sys.exit(f"{left} records were not read in {PATIENCE} s")
        for message in consumer.consume(1_000, 0.5):
            if message.error():
                raise KafkaException(message.error())
            print(line(message, text))
            left -= 1
    consumer.close()


def line(message, text):
    kind, timestamp = message.timestamp()
    kind = "LogAppendTime" if kind == TIMESTAMP_LOG_APPEND_TIME else "CreateTime"
    headers = ",".join(f"{name}:{or_null(text, value)}" for name, value in message.headers() or [])
    place = f"Partition:{message.partition()}\tOffset:{message.offset()}"
    key, value = or_null(text, message.key()), or_null(text, message.value())
    return f"{kind}:{timestamp}\t{place}\t{headers or 'NO_HEADERS'}\t{key}\t{value}"


def or_null(text, value):
    return "<null>" if value is None else text(value)


def utf8(value):
    return value.decode()


def escaped(value):
    return value.decode("latin-1").translate(ESCAPES)


if __name__ == "__main__":
    main()
