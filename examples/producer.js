// Sends a pulse wave of 72 beats a minute as the PPG of bed js-1, one second at a time. From the repository's root:
//   npm install --prefix examples kafkajs protobufjs
//   node examples/producer.js 127.0.0.1:9092 [SECONDS]
const { Kafka, Partitioners } = require("kafkajs");
const protobuf = require("protobufjs");

const rateHz = 125, gain = 1000, beatsPerMinute = 72, patient = "JS-1";
const pulse = seconds => {
  const phase = 2 * Math.PI * seconds * beatsPerMinute / 60;
  return Math.sin(phase) + 0.4 * Math.sin(2 * phase + 0.8) + 0.1 * Math.sin(2 * Math.PI * 0.25 * seconds);
};

async function main(broker, length) {
  const type = (await protobuf.load(`${__dirname}/../Pipeline.Host/Wire/chunk.proto`)).lookupType("pipeline.v1.SampleChunk");
  // DefaultPartitioner: murmur2 of the key, as Java's: all streams of a patient must come to one partition.
  const producer = new Kafka({ brokers: [broker] }).producer({ createPartitioner: Partitioners.DefaultPartitioner, idempotent: true });
  await producer.connect();
  const start = Date.now();
  const stream = {
    patient, ward: "examples", bed: "js-1", device: "finger", epoch: start, rateHz, format: "SAMPLE_FORMAT_INT16",
    channels: [{ label: "PLETH", kind: "SIGNAL_KIND_PPG", unit: "1", gain }],
  };
  for (let second = 0; second < length; second++) {
    const first = second * rateHz;
    const samples = Int16Array.from({ length: rateHz }, (_, i) => Math.round(gain * pulse((first + i) / rateHz)));
    const chunk = type.fromObject({
      version: 1, stream, firstSampleIndex: first, firstSampleTimeNs: `${start + second * 1000}000000`, sampleCount: rateHz,
      samples: Buffer.from(samples.buffer),
    });
    await new Promise(over => setTimeout(over, start + (second + 1) * 1000 - Date.now()));
    const value = Buffer.from(type.encode(chunk).finish());
    await producer.send({ topic: "pipeline.samples", acks: -1, messages: [{ key: patient, value }] });
  }
  await producer.disconnect();
}

main(process.argv[2], Number(process.argv[3] ?? 60));
