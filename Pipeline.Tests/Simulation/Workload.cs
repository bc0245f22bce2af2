using System.Runtime.InteropServices;
using Pipeline.Actors;
using Pipeline.Benchmarks.Ctg;
using Pipeline.Models;
using Pipeline.Models.Alarms;
using Pipeline.Models.Signals;
using Pipeline.Models.Simulation;

namespace Pipeline.Tests.Simulation;

/// <summary>
/// What producers put into the partitions, and when: 16 to 19 patients in 8 partitions, 60 windows or more of each; chunks of all lengths, some
/// twice, some late, some missing, some that nobody can use; records that the decoder refuses or throws on, and records larger than a partition's feed;
/// patients that pause, move bed, restart their device; alarms that come and go, and are acknowledged or paused. In every second one patient is in labour,
/// with leads or a cardiotocograph that the product's stages look at.
/// </summary>
internal sealed class Workload
{
    public const int PartitionCount = 8;
    public const string Topic = "samples";
    public const double RateHz = 5;

    /// <summary>Bytes that the feed of a partition is set to hold.</summary>
    public const int MostFeedBytes = 1 << 20;

    private const int LabourEvery = 4, LabourSeconds = 26;
    private const int TraceSeconds = 780, TraceChunkSeconds = 10;      // there is a category, and it is over
    private const int WindowCount = 60, WindowSamples = 40, HopSamples = 10;

    private static readonly ChannelLayout Channels = new(new Channel("X", SignalKind.Unknown, "1"));
    private static readonly Timestamp Start = Timestamp.From(new DateTimeOffset(2026, 7, 1, 8, 0, 0, TimeSpan.Zero));

    /// <summary>The cheap stage's rates are sums of samples, about half of them above the limit: alarms come and go.</summary>
    public static AlarmRules Alarms { get; } = new()
    {
        HeartRateVeryLow = -1,
        HeartRateLow = 0,
        HeartRateHigh = 640_000,
        HeartRateVeryHigh = 700_000,
        LimitDelay = TimeSpan.FromSeconds(2),
        ContradictedDelay = default,
        Hysteresis = 0,
        OffDelay = TimeSpan.FromSeconds(2),
        MinDuration = default,
        LatchFor = TimeSpan.FromSeconds(30),
        EscalateAfter = TimeSpan.FromSeconds(10),
    };

    private readonly Random _random;
    private readonly Random _nurse;
    private readonly List<(long At, int Partition, SampleChunk? Chunk)> _made = [];

    public Workload(int seed)
    {
        (_random, _nurse) = (new Random(seed), new Random(~seed));
        Patients = [.. Enumerable.Range(0, 16 + _random.Next(4)).Select(i => $"P{i}")];
        var speed = 4 + 8 * _random.NextDouble();
        foreach (var patient in Patients)
            Make(patient, _random.Next(PartitionCount), speed);
        if (seed % LabourEvery == 1)
            MakeLabour(Patients[^1], seed, speed);
        else if (seed % LabourEvery == 3)
            MakeTrace(Patients[^1], seed, speed);
        Partitions = [.. Enumerable.Range(0, PartitionCount).Select(_ => new List<(long At, ShardRecord Record)>())];
        foreach (var (at, partition, chunk) in _made.OrderBy(made => made.At))
            Append(Partitions[partition], partition, at, chunk);
        End = _made.Max(made => made.At);
    }

    public string[] Patients { get; }

    /// <summary>The records of each partition, ascending, as they are when they are decoded, with the time (ticks) at which the broker has them.</summary>
    public List<(long At, ShardRecord Record)>[] Partitions { get; }

    /// <summary>Whose record it is; empty when it is nobody's.</summary>
    public string PatientOf(int partition, long offset)
    {
        var found = Partitions[partition].BinarySearch((0, new ShardRecord(offset, null)), Comparer<(long At, ShardRecord Record)>.Create((a, b) => a.Record.Offset.CompareTo(b.Record.Offset)));
        return found < 0 ? "" : Partitions[partition][found].Record.Chunk?.Patient.Value ?? "";
    }

    /// <summary>When the last record is there, in ticks.</summary>
    public long End { get; }

    /// <summary>Number of a patient, which is in each of its samples.</summary>
    public static int NumberOf(string patient) => int.Parse(patient.AsSpan(1), System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Reads the records of a partition, throws on some.</summary>
    public RecordDecoder DecoderOf(int partition)
    {
        var records = Partitions[partition];
        return (ReadOnlySpan<byte> key, ReadOnlyMemory<byte> payload, out string? refused) =>
        {
            var record = records[BitConverter.ToInt32(key)].Record;
            refused = record.Refused?.Reason;
            return refused == Thrown ? throw new InvalidDataException(Unforeseen) : record.Chunk;
        };
    }

    private void Append(List<(long At, ShardRecord Record)> partition, int number, long at, SampleChunk? chunk)
    {
        var offset = partition.Count == 0 ? 0 : partition[^1].Record.Offset + (partition.Count % 37 == 0 ? 3 : 1);   // with holes, as transactions leave them
        var refused = chunk is null ? new DeadLetter("decode", Chance(2) ? "not to be read" : Thrown, new Origin(Topic, number, offset), default, default) : null;
        partition.Add((at, new ShardRecord(offset, chunk, refused, Values[Chance(60) ? _random.Next(1, 3) : 0], BitConverter.GetBytes(partition.Count))));
    }

    private void Make(string patient, int partition, double speed)
    {
        var (bed, ward, epoch, index, left) = (_random.Next(9), _random.Next(3), 0L, 0L, WindowSamples + HopSamples * (WindowCount + 2));
        var at = Seconds(3 * _random.NextDouble());
        var anchor = Start.AddSeconds(_random.Next(1_000));
        while (left > 0)
        {
            var count = _random.Next(5, 41);
            var chunk = Chunk(patient, (bed, ward), epoch, index, count, anchor);
            at += Seconds((count / RateHz / speed) * (0.5 + _random.NextDouble()));
            Put(partition, at, chunk);
            PutCommand(partition, at, chunk.Patient);
            index += count;
            left -= count;
            (bed, ward) = Chance(60) ? (_random.Next(9), _random.Next(3)) : (bed, ward);
            at += Chance(50) ? Seconds(6 * _random.NextDouble()) : 0;
            index += Chance(60) ? _random.Next(1, 100) : 0;
            if (!Chance(120))
                continue;
            anchor = anchor.AddSeconds(index / RateHz);
            (epoch, index, left) = (epoch + 1, 0, left + WindowSamples);
        }
    }

    /// <summary>Somebody wants something of the patient's alarms, now and then.</summary>
    private void PutCommand(int partition, long at, PatientId patient)
    {
        if (_nurse.Next(12) > 0)
            return;
        var kind = _nurse.Next(20) switch
        {
            < 4 => AlarmCommandKind.Pause,
            < 6 => AlarmCommandKind.Limits,
            < 8 => AlarmCommandKind.Move,
            8 => AlarmCommandKind.Discharge,
            < 12 => AlarmCommandKind.Admit,
            _ => AlarmCommandKind.Acknowledge,
        };
        var command = SampleChunk.Of(patient, new AlarmCommand(kind, Start, "nurse", "")
        {
            Id = _nurse.NextInt64(),
            Time = TimeSpan.FromSeconds(_nurse.Next(30)),
            Bed = Beds[_nurse.Next(Beds.Length)],
            Ward = Beds[_nurse.Next(3)],
            Limits = new LimitChange { HeartRateHigh = _nurse.Next(40, 140) },      // crosses the low limit now and then: refused
        });
        _made.Add((at, partition, command));
        if (_nurse.Next(6) == 0)
            _made.Add((at + Seconds(4 * _nurse.NextDouble()), partition, command));     // who sent it was not sure
    }

    /// <summary>A mother's abdominal leads, a chunk a second, as a further device of a patient's; fewer, for their windows cost the most.</summary>
    private void MakeLabour(string patient, int seed, double speed)
    {
        var partition = _made.First(made => made.Chunk?.Patient.Value == patient).Partition;
        var bed = new SimulatedBed(SimulatedWard.LabourBed(0, seed, Start, epoch: 0, default) with
        {
            Patient = new PatientId(patient),
            Labour = new() { RateHz = 250, HasCtg = false },
        });
        var chunks = new List<SampleChunk>();
        while (bed.Seconds < LabourSeconds)
            bed.Next(chunks);
        var at = 0L;
        foreach (var chunk in chunks)
        {
            at += Seconds((0.5 + _random.NextDouble()) / speed);
            if (!Chance(30))
                Put(partition, at, chunk, isForged: false);
        }
    }

    /// <summary>A cardiotocograph as a further device of a patient's, of one fetus or twins: much of its time in few chunks.</summary>
    private void MakeTrace(string patient, int seed, double speed)
    {
        var partition = _made.First(made => made.Chunk?.Patient.Value == patient).Partition;
        var bed = SimulatedWard.LabourBed(7, seed, Start, epoch: 0, default);
        var traces = SimulatedCtgTruth.Of(
            bed with { Labour = bed.Labour! with { FetalRate = 165, HasTwin = seed % (2 * LabourEvery) == LabourEvery - 1 } }, TraceSeconds / 60);   // it is in labour
        SignalKind[] kinds = [.. new[] { SignalKind.FetalHeartRate, SignalKind.SecondFetalHeartRate }.Take(traces.Length), SignalKind.UterineActivity];
        var layout = new ChannelLayout([.. kinds.Select(kind => new Channel(kind.ToString(), kind, "1"))]);
        float[][] samples = [.. traces.Select(trace => trace.Rates), traces[0].Toco];
        var at = 0L;
        foreach (var chunk in StreamRun.Chunks(samples, layout, traces[0].RateHz, (int)(TraceChunkSeconds * traces[0].RateHz)))
        {
            at += Seconds(2 * (0.5 + _random.NextDouble()) / speed);
            if (!Chance(30))
                Put(partition, at, chunk with
                {
                    Patient = new PatientId(patient),
                    Bed = bed.Bed,
                    Ward = bed.Ward,
                    Device = "ctg",
                    FirstSampleTime = Start.AddSeconds(chunk.FirstSampleIndex / chunk.RateHz),
                }, isForged: false);
        }
    }

    /// <summary>A chunk comes, a little late perhaps, perhaps twice, and perhaps something else before it.</summary>
    private void Put(int partition, long at, SampleChunk chunk, bool isForged = true)
    {
        _made.Add((at + (Chance(25) ? Seconds(3 * _random.NextDouble()) : 0), partition, chunk));
        if (Chance(20))
            _made.Add((at + Seconds(4 * _random.NextDouble()), partition, chunk));
        if (Chance(150))
            _made.Add((at, partition, null));
        if (isForged && Chance(150))
            _made.Add((at, partition, Chunk(chunk.Patient.Value, (0, 0), chunk.Epoch, chunk.FirstSampleIndex, 10, Start, rateHz: 7)));
    }

    private static SampleChunk Chunk(string patient, (int Bed, int Ward) place, long epoch, long index, int count, Timestamp anchor, double rateHz = RateHz)
    {
        var samples = new short[count];
        var number = NumberOf(patient);
        for (var i = 0; i < count; i++)
            samples[i] = (short)(32 * ((index + i + 131 * epoch) * 7 % 997) + number);
        return new SampleChunk
        {
            Patient = new PatientId(patient),
            Bed = Beds[place.Bed],
            Ward = Beds[place.Ward],
            Device = "d1",
            Epoch = epoch,
            RateHz = rateHz,
            FirstSampleIndex = index,
            FirstSampleTime = anchor.AddSeconds(index / rateHz),
            Channels = Channels,
            SampleCount = count,
            Format = SampleFormat.Int16,
            Samples = MemoryMarshal.AsBytes(samples.AsSpan()).ToArray(),
        };
    }

    private const string Unforeseen = "not to be read, and not foreseen";

    private static readonly string Thrown = $"the decoder throws {nameof(InvalidDataException)}: {Unforeseen}";

    // One is more than the feed of a partition holds.
    private static readonly byte[][] Values = [[], new byte[(int)(0.6 * MostFeedBytes)], new byte[(int)(1.5 * MostFeedBytes)]];

    private static readonly string[] Beds = [.. Enumerable.Range(0, 9).Select(i => $"b{i}")];

    private static long Seconds(double seconds) => (long)(seconds * TimeSpan.TicksPerSecond);

    private bool Chance(int oneIn) => _random.Next(oneIn) == 0;
}
