"""Sends a pulse wave of 72 beats a minute as the PPG of bed py-1, one second at a time. From the repository's root:
    pip install confluent-kafka protobuf          # and protoc: Debian's protobuf-compiler
    protoc -I Pipeline.Host/Wire --python_out=examples chunk.proto command.proto
    python examples/producer.py 127.0.0.1:9092 [SECONDS]
"""
import array, math, sys, time
from confluent_kafka import Producer
from chunk_pb2 import SAMPLE_FORMAT_INT16, SIGNAL_KIND_PPG, Channel, SampleChunk, Stream

RATE_HZ, GAIN, BEATS_PER_MINUTE, PATIENT = 125, 1000, 72, "PY-1"


def pulse(seconds):
    phase = 2 * math.pi * seconds * BEATS_PER_MINUTE / 60
    return math.sin(phase) + 0.4 * math.sin(2 * phase + 0.8) + 0.1 * math.sin(2 * math.pi * 0.25 * seconds)


# murmur2 of the key, as Java's default: all streams of a patient must come to one partition.
producer = Producer({"bootstrap.servers": sys.argv[1], "partitioner": "murmur2_random", "enable.idempotence": True})
start = time.time_ns()
stream = Stream(patient=PATIENT, ward="examples", bed="py-1", device="finger", epoch=start // 10**9, rate_hz=RATE_HZ,
                format=SAMPLE_FORMAT_INT16,
                channels=[Channel(label="PLETH", kind=SIGNAL_KIND_PPG, unit="1", gain=GAIN)])
for second in range(int(sys.argv[2]) if len(sys.argv) > 2 else 60):
    first = second * RATE_HZ
    samples = array.array("h", (round(GAIN * pulse((first + i) / RATE_HZ)) for i in range(RATE_HZ)))
    chunk = SampleChunk(version=1, stream=stream, first_sample_index=first, first_sample_time_ns=start + second * 10**9,
                        sample_count=RATE_HZ, samples=samples.tobytes())
    time.sleep(max(0, (start + (second + 1) * 10**9 - time.time_ns()) / 1e9))     # the device's second is over
    producer.produce("pipeline.samples", key=PATIENT, value=chunk.SerializeToString())
    producer.poll(0)
producer.flush()
