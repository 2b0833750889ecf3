#!/usr/bin/env python3
"""librdkafka reads back what `milena produce` wrote to `milena fake`.

    python3 -m venv venv && venv/bin/pip install -r tests/interop/requirements.txt
    venv/bin/python tests/interop/read_back.py target/release/milena

Records of every shape go in as JSON lines: with and without keys and values, binary ones, headers that repeat, given
partitions and timestamps. Each must be where the report says, as it was given, once; a key's partition must be the
one that Java's hash says; a partition must be in the order of the input.
"""

import argparse
import base64
import json
import socket
import subprocess
import sys
import time

from confluent_kafka import TIMESTAMP_CREATE_TIME, Consumer, KafkaException, TopicPartition

TOPIC = "interop"
PARTITIONS = 6
BROKERS = 3
# How long each step may take, in seconds: the bound of a run that hangs, not a measure.
PATIENCE = 120


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("milena", help="the program to try")
    arguments.add_argument("--records", type=int, default=20_000)
    options = arguments.parse_args()
    records = [record(index) for index in range(options.records)]
    with Fake(options.milena) as fake:
        reports = produce(options.milena, fake.bootstrap, records)
        read = read_all(fake.bootstrap)
    faults = compare(records, reports, read)
    for fault in faults[:20]:
        print(fault, file=sys.stderr)
    print(f"{len(records)} records written by milena, {len(read)} read by librdkafka, {len(faults)} faults")
    sys.exit(1 if faults else 0)


def record(index):
    """The record with this number: each shape comes again and again, each value but the empty ones once."""
    value = f"value {index} žluťoučký"
    shape = index % 8
    made = {"value": value}
    if shape == 1:
        made = {"key": f"key {index % 97}", "value": value}
    elif shape == 2:
        made = {"key": {"base64": encoded(bytes([index % 256, 0, 255]))}, "value": {"base64": encoded(value.encode() * 20)}}
    elif shape == 3:
        made = {"key": f"tombstone {index}", "value": None}
    elif shape == 4:
        made = {"key": "", "value": ""}
    elif shape == 5:
        made = {"value": value, "headers": [["trace", str(index)], ["twice", "a"], ["twice", "b"], ["empty", ""]]}
    elif shape == 6:
        made = {"key": f"placed {index}", "value": value, "partition": index % PARTITIONS}
    elif shape == 7:
        made = {"value": value, "timestamp": 1_700_000_000_000 + index}
    return made


def encoded(raw):
    return base64.b64encode(raw).decode()


def raw(field):
    """A key, value or header as bytes."""
    if field is None:
        return None
    return base64.b64decode(field["base64"]) if isinstance(field, dict) else field.encode()


class Fake:
    """`milena fake` on free ports, until the block ends."""

    def __init__(self, milena):
        port = free_ports(BROKERS)
        command = [milena, "fake", "--listen", f"127.0.0.1:{port}", "--brokers", str(BROKERS)]
        command += ["--topic", f"{TOPIC}:{PARTITIONS}"]
        self.bootstrap = f"127.0.0.1:{port}"
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)

    def __enter__(self):
        host, port = self.bootstrap.split(":")
        wait_for("the fake cluster to listen", lambda: connects(host, int(port), self.process))
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(PATIENCE)


def free_ports(count):
    """The first of `count` neighbouring ports that are free now."""
    for first in range(20_000, 30_000, count):
        sockets = []
        try:
            for port in range(first, first + count):
                sockets.append(socket.create_server(("127.0.0.1", port)))
            return first
        except OSError:
            continue
        finally:
            for one in sockets:
                one.close()
    sys.exit("no free ports from 20000 to 30000")


def connects(host, port, process):
    if process.poll() is not None:
        sys.exit(f"milena fake ended with {process.returncode}")
    try:
        socket.create_connection((host, port), 1).close()
        return True
    except OSError:
        return False


def wait_for(what, is_there):
    deadline = time.monotonic() + PATIENCE
    while not is_there():
        if time.monotonic() > deadline:
            sys.exit(f"waited {PATIENCE} s for {what}")
        time.sleep(0.05)


def produce(milena, bootstrap, records):
    lines = "".join(json.dumps(one) + "\n" for one in records)
    command = [milena, "produce", "-b", bootstrap, "-t", TOPIC, "--format", "json", "--report", "json"]
    done = subprocess.run(command, input=lines.encode(), stdout=subprocess.PIPE, timeout=PATIENCE)
    if done.returncode != 0:
        sys.exit(f"milena produce ended with {done.returncode}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def read_all(bootstrap):
    """Everything in the topic, as librdkafka sees it, partition after partition in the order of its offsets."""
    consumer = Consumer({
        "bootstrap.servers": bootstrap,
        "group.id": TOPIC,
        "enable.auto.commit": False,
        "check.crcs": True,
    })
    places = [TopicPartition(TOPIC, partition, 0) for partition in range(PARTITIONS)]
    expected = sum(consumer.get_watermark_offsets(place, timeout=PATIENCE)[1] for place in places)
    consumer.assign(places)
    read = []
    deadline = time.monotonic() + PATIENCE
    while len(read) < expected:
        if time.monotonic() > deadline:
            sys.exit(f"librdkafka read {len(read)} of {expected} records in {PATIENCE} s")
        for message in consumer.consume(1_000, 0.5):
            if message.error():
                raise KafkaException(message.error())
            read.append(message)
    consumer.close()
    return sorted(read, key=lambda message: (message.partition(), message.offset()))


def compare(records, reports, read):
    faults = []
    if [report.get("record") for report in reports] != list(range(len(records))):
        faults.append(f"{len(reports)} reports of {len(records)} records, or not in their order")
    if len(read) != len(records):
        faults.append(f"{len(records)} records were written, and {len(read)} are there")
    by_place = {(message.partition(), message.offset()): message for message in read}
    if len(by_place) != len(read):
        faults.append("a place was read twice")
    numbers = {}
    for number, (given, report) in enumerate(zip(records, reports)):
        place = (report.get("partition"), report.get("offset"))
        if place in numbers:
            faults.append(f"records {numbers[place]} and {number} are both said to be at {place}")
        numbers[place] = number
        faults += [f"record {number} at {place}: {fault}" for fault in differences(given, report, by_place.get(place))]
    for one, next_one in zip(read, read[1:]):
        first, second = (numbers.get((message.partition(), message.offset()), -1) for message in (one, next_one))
        if one.partition() == next_one.partition() and first >= second:
            faults.append(f"record {second} stands behind record {first} in partition {one.partition()}")
    return faults


def differences(given, report, message):
    if message is None:
        yield f"is not there; the report says {report}"
        return
    key, value = raw(given.get("key")), raw(given["value"])
    headers = [(name, raw(content)) for name, content in given.get("headers", [])]
    if message.key() != key:
        yield f"has the key {message.key()}, not {key}"
    if message.value() != value:
        yield f"has the value {message.value()}, not {value}"
    if (message.headers() or []) != headers:
        yield f"has the headers {message.headers()}, not {headers}"
    if message.timestamp() != (TIMESTAMP_CREATE_TIME, report["timestamp"]):
        yield f"has the time {message.timestamp()}, and the report says {report['timestamp']}"
    if given.get("timestamp", report["timestamp"]) != report["timestamp"]:
        yield f"was given the time {given['timestamp']}, and the report says {report['timestamp']}"
    wanted = given.get("partition")
    if wanted is None and key is not None:
        wanted = (murmur2(key) & 0x7FFF_FFFF) % PARTITIONS
    if wanted is not None and message.partition() != wanted:
        yield f"belongs to partition {wanted}"


def murmur2(key):
    """`Utils.murmur2` of Java's client, by its definition."""
    mask, factor = 0xFFFF_FFFF, 0x5BD1_E995
    value = 0x9747_B28C ^ len(key)
    whole = len(key) & ~3
    for start in range(0, whole, 4):
        word = int.from_bytes(key[start:start + 4], "little") * factor & mask
        word = (word ^ (word >> 24)) * factor & mask
        value = (value * factor & mask) ^ word
    if rest := key[whole:]:
        value = (value ^ int.from_bytes(rest, "little")) * factor & mask
    value = (value ^ (value >> 13)) * factor & mask
    return value ^ (value >> 15)


if __name__ == "__main__":
    main()
