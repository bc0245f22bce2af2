using System.Text;
using Pipeline.Actors;
using Pipeline.Host.Kafka;
using Pipeline.Host.Wire;
using Pipeline.Models;
using Pipeline.Models.Signals;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Kafka;

/// <summary>Broken messages through the whole topology, with the product's estimators, beside patients whose messages are whole.</summary>
public sealed class FuzzTests
{
    private const int Broken = 100_000, NeighbourCount = 4, NeighbourSeconds = 120, RateHz = 100;
    private const string Topic = InMemorySource.Topic;

    private static readonly ChannelLayout Pulse = new(
        new Channel("PLETH", SignalKind.Ppg, "1"), new Channel("ACC", SignalKind.Acc, "g", 4096), new Channel("RESP", SignalKind.Resp, "1"));

    private static readonly ChannelLayout Heart = new(
        new Channel("II", SignalKind.Ecg, "mV", 1_000), new Channel("V5", SignalKind.Ecg, "mV", 1_000), new Channel("RESP", SignalKind.Resp, "1"));

    /// <summary>100,000 messages, each with some bytes changed, cut, put in or doubled. Seed 20260702.</summary>
    [Fact]
    public async Task Broken_messages_are_refused_with_their_reasons_and_leave_the_neighbours_as_they_are()
    {
        var alone = new RecordingSink();
        await RunAsync(Neighbours().Select(Whole), alone);
        var (deserializer, decode) = (new RecordDeserializer(), KafkaSource.Decoder(new KafkaOptions()));
        var random = new Random(20260702);
        int refused = 0;

        var beside = new RecordingSink();
        var counts = await RunAsync(Mixed(random).Select(message => Read(deserializer, decode, message, ref refused)), beside);

        Assert.Equal(PointsOf(alone), PointsOf(beside));
        Assert.Equal(NeighbourCount * NeighbourSeconds + Broken, counts[Count.Records]);
        Assert.InRange(refused, Broken / 3, Broken - 1_000);
        Assert.Equal(refused, counts[Count.RecordsRefused]);
        Assert.Equal(refused, beside.DeadLetters.Count(letter => letter.Stage == "decode"));
        Assert.Equal(counts[Count.ChunksRefused], beside.DeadLetters.Count(letter => letter.Stage == "chunk"));
        Assert.All(beside.DeadLetters, letter => Assert.False(string.IsNullOrWhiteSpace(letter.Reason) || letter.Key.IsEmpty));
        Assert.Equal((0, 0), (counts[Count.PatientsRestarted], counts[Count.ChunksFailed]));
    }

    private static Task<Counts> RunAsync(IEnumerable<ShardRecord> records, RecordingSink sink) => TestPartitions.RunAsync(
        new InMemorySource(records.Select((record, offset) => (0, record with { Offset = offset }))), [sink], new TopologyOptions(), TimeProvider.System, CancellationToken.None);

    private static ShardRecord Whole(SampleChunk chunk) => new(0, chunk);

    /// <summary>As the consumer does it.</summary>
    private static ShardRecord Read(RecordDeserializer deserializer, RecordDecoder decode, (byte[] Key, byte[] Value) message, ref int refused)
    {
        _ = ((Confluent.Kafka.IDeserializer<Confluent.Kafka.Null>)deserializer).Deserialize(message.Key, false, default);
        var record = ((Confluent.Kafka.IDeserializer<RawRecord>)deserializer).Deserialize(message.Value, false, default);
        if (decode(record.Key, record.Payload, out var reason) is { } chunk)
            return new ShardRecord(0, chunk, Payload: record.Payload);
        refused++;
        return new ShardRecord(0, null, new DeadLetter("decode", reason ?? "", new Origin(Topic, 0, 0), record.Key, record.Payload));
    }

    private static IEnumerable<(byte[], byte[])> Mixed(Random random)
    {
        var neighbours = Neighbours().GetEnumerator();
        for (var i = 0; i < Broken; i++)
        {
            if (i % (Broken / (NeighbourCount * NeighbourSeconds)) == 0 && neighbours.MoveNext())
                yield return (SampleEncoder.Key(neighbours.Current.Patient), SampleEncoder.Encode(neighbours.Current));
            // Each second comes four times, broken in four ways: some of them get through, and windows fill.
            var chunk = Chunk($"M{i % 8}", i / 32, asFloat: i / 8 % 2 == 0);
            yield return (Encoding.UTF8.GetBytes(chunk.Patient.Value), Mutation.Of(SampleEncoder.Encode(chunk), random));
        }
        while (neighbours.MoveNext())
            yield return (SampleEncoder.Key(neighbours.Current.Patient), SampleEncoder.Encode(neighbours.Current));
    }

    private static IEnumerable<SampleChunk> Neighbours()
    {
        for (var second = 0; second < NeighbourSeconds; second++)
            for (var n = 0; n < NeighbourCount; n++)
                yield return Chunk($"N{n}", second, asFloat: n < 2);
    }

    /// <summary>A second of something that beats at 1.2 Hz: a pulse and some acceleration, or two leads of an ECG.</summary>
    private static SampleChunk Chunk(string patient, int second, bool asFloat)
    {
        var samples = new short[3 * RateHz];
        for (var i = 0; i < RateHz; i++)
        {
            var t = second + i / (double)RateHz;
            samples[i] = (short)(4_000 * Math.Sin(2 * Math.PI * 1.2 * t));
            samples[RateHz + i] = (short)(4_096 + 60 * Math.Sin(2 * Math.PI * 0.3 * t));
            samples[2 * RateHz + i] = (short)(900 * Math.Sin(2 * Math.PI * 0.25 * t));
        }
        var chunk = Chunks.Of(samples, (long)second * RateHz, RateHz, patient, "wrist", rateHz: RateHz, channels: patient[1] % 2 == 0 ? Pulse : Heart);
        return asFloat ? Chunks.AsFloat32(chunk) : chunk;
    }

    /// <summary>The order within a patient counts; the order between patients is not promised.</summary>
    private static List<(PatientId, string, long, Timestamp, Estimate)> PointsOf(RecordingSink sink) =>
        [.. sink.Points.Where(point => point.Patient.Value[0] == 'N').OrderBy(point => point.Patient.Value, StringComparer.Ordinal).Select(point => (point.Patient, point.Bed, point.WindowId, point.Time, point.Estimate))];
}
