#:project ../Pipeline.Host/Pipeline.Host.csproj
#:property PublishAot=false
// Sends a pulse wave of 72 beats a minute as the PPG of bed cs-1, one second at a time. From the repository's root:
//   dotnet run --configuration Release examples/producer.cs 127.0.0.1:9092 [SECONDS]
// Outside of this repository: packages Confluent.Kafka, Google.Protobuf and Grpc.Tools, which makes classes of Pipeline.Host/Wire/*.proto.
using System.Runtime.InteropServices;
using Confluent.Kafka;
using Google.Protobuf;
using Pipeline.Host.Wire.V1;

const int rateHz = 125, gain = 1000, beatsPerMinute = 72;
const string patient = "CS-1";

// murmur2 of the key, as Java's default: all streams of a patient must come to one partition.
var settings = new ProducerConfig { BootstrapServers = args[0], Partitioner = Partitioner.Murmur2Random, EnableIdempotence = true };
using var producer = new ProducerBuilder<string, byte[]>(settings).Build();
var start = DateTimeOffset.UtcNow;
var stream = new Pipeline.Host.Wire.V1.Stream
{
    Patient = patient, Ward = "examples", Bed = "cs-1", Device = "finger", Epoch = start.ToUnixTimeSeconds(),
    RateHz = rateHz, Format = SampleFormat.Int16,
    Channels = { new Channel { Label = "PLETH", Kind = SignalKind.Ppg, Unit = "1", Gain = gain } },
};
for (var second = 0; second < (args.Length > 1 ? int.Parse(args[1]) : 60); second++)
{
    var first = second * rateHz;
    var samples = Enumerable.Range(first, rateHz).Select(i => (short)Math.Round(gain * Pulse((double)i / rateHz))).ToArray();
    var chunk = new SampleChunk
    {
        Version = 1, Stream = stream, FirstSampleIndex = first,
        FirstSampleTimeNs = start.AddSeconds(second).ToUnixTimeMilliseconds() * 1_000_000,
        SampleCount = rateHz, Samples = ByteString.CopyFrom(MemoryMarshal.AsBytes<short>(samples)),
    };
    if (start.AddSeconds(second + 1) - DateTimeOffset.UtcNow is { Ticks: > 0 } rest)
        await Task.Delay(rest);     // the device's second is over
    producer.Produce("pipeline.samples", new Message<string, byte[]> { Key = patient, Value = chunk.ToByteArray() });
}
producer.Flush(TimeSpan.FromSeconds(30));

static double Pulse(double seconds)
{
    var phase = 2 * Math.PI * seconds * beatsPerMinute / 60;
    return Math.Sin(phase) + 0.4 * Math.Sin(2 * phase + 0.8) + 0.1 * Math.Sin(2 * Math.PI * 0.25 * seconds);
}
