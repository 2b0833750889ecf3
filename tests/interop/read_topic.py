#!/usr/bin/env python3
"""librdkafka reads partition 0 of a topic, and prints it as Java's console consumer does: read_topic.py BOOTSTRAP TOPIC"""

import sys
import time

from confluent_kafka import TIMESTAMP_LOG_APPEND_TIME, Consumer, KafkaException, TopicPartition

# How long it may take, in seconds: the bound of a run that hangs, not a measure.
PATIENCE = 120


def main():
    bootstrap, topic = sys.argv[1:]
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
            print(line(message))
            left -= 1
    consumer.close()


def line(message):
    kind, timestamp = message.timestamp()
    kind = "LogAppendTime" if kind == TIMESTAMP_LOG_APPEND_TIME else "CreateTime"
    headers = ",".join(f"{name}:{text(value)}" for name, value in message.headers() or [])
    place = f"Partition:{message.partition()}\tOffset:{message.offset()}"
    return f"{kind}:{timestamp}\t{place}\t{headers or 'NO_HEADERS'}\t{text(message.key())}\t{text(message.value())}"


def text(value):
    return "<null>" if value is None else value.decode()


if __name__ == "__main__":
    main()
