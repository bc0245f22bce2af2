"""Prints every estimate that has a value, as it comes. From the repository's root, protoc with result.proto too (see producer.py):
    python examples/consumer.py 127.0.0.1:9092
"""
import datetime, sys
from confluent_kafka import Consumer
from result_pb2 import STATUS_OK, Metric, Result, Status

# read_committed: results are published in transactions where checkpoints are.
consumer = Consumer({"bootstrap.servers": sys.argv[1], "group.id": "example", "auto.offset.reset": "latest",
                     "isolation.level": "read_committed"})
consumer.subscribe(["pipeline.results"])
seen = set()     # of a real consumer: as long as its own restart may take
while True:
    record = consumer.poll(1.0)
    if record is None or record.error():
        continue
    result = Result.FromString(record.value())
    # Delivery is at least once: a result may come twice, with the same identity.
    identity = (result.topic, result.partition, result.offset, result.device, result.signal, result.metric,
                result.window_id, result.time_ns)
    if identity in seen:
        continue
    seen.add(identity)
    time = datetime.datetime.fromtimestamp(result.time_ns / 1e9, datetime.timezone.utc)
    # A value may be used exactly where the status is OK.
    value = f"{result.value:.1f} {result.unit} ± {result.sigma:.1f}" if result.status == STATUS_OK else Status.Name(result.status)
    print(f"{time:%H:%M:%S} {result.ward}/{result.bed} {result.patient} {Metric.Name(result.metric)} {value}", flush=True)
