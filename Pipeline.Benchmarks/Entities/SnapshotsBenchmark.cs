using System.Diagnostics;
using Pipeline.Host.Wire;
using Pipeline.Models;
using Pipeline.Models.Estimators;
using Pipeline.Models.Signals;
using Pipeline.Models.Simulation;
using Pipeline.Models.State;

namespace Pipeline.Benchmarks.Entities;

/// <summary>
/// What a checkpoint costs for each patient: size of a snapshot; time to capture it from the streams, to encode it, to decode it and to make
/// streams from it. The beds are simulated, with the usual faults, and captured at different moments of a window.
/// </summary>
internal sealed class SnapshotsBenchmark : IBenchmark
{
    private const int Rounds = 15;
    private const int Seconds = 30;

    private static readonly Reference Budget = new("budget", 32 * 1024);
    private static readonly Reference TimeBudget = new("budget: capture and encode", 50);

    public string Name => "snapshots";

    public string Summary => "A patient's snapshot (PPG and 3 ACC at 125 Hz, 2 ECG leads at 250 Hz; and with arterial pressure): size, capture, encode, decode, restore, on one thread";

    public Task RunAsync(Report report, CancellationToken stop)
    {
        foreach (var (name, hasAbp) in ((string, bool)[])[("bed", false), ("bed_with_abp", true)])
        {
            var beds = Enumerable.Range(0, report.Quick ? 4 : 40).Select(seed => Bed(seed, hasAbp)).ToArray();
            var times = new double[4][];
            for (var t = 0; t < times.Length; t++)
                times[t] = new double[Rounds];
            var sizes = Array.Empty<int>();
            for (var round = -2; round < Rounds; round++)
            {
                stop.ThrowIfCancellationRequested();
                sizes = Measure(beds, times, round);
            }
            report.Add($"{name}_bytes", sizes.Average(), "By", Budget);
            report.Add($"{name}_bytes_largest", sizes.Max(), "By", Budget);
            var medians = Array.ConvertAll(times, Quantiles.Median);
            report.Add($"{name}_capture", medians[0], "us", TimeBudget);
            report.Add($"{name}_encode", medians[1], "us", TimeBudget);
            report.Add($"{name}_decode", medians[2], "us");
            report.Add($"{name}_restore", medians[3], "us");
        }
        return Task.CompletedTask;
    }

    private static int[] Measure(DeviceStream[][] beds, double[][] times, int round)
    {
        var transfer = new StateTransfer();
        var captured = new PatientSnapshot[beds.Length];
        var bytes = new byte[beds.Length][];
        var decoded = new PatientSnapshot?[beds.Length];
        Action<int>[] steps =
        [
            i => captured[i] = new PatientSnapshot(
                new PatientId($"P-{i:00000}"), new RecordPosition(Guid.Empty, 0, i),
                [.. beds[i].Select(stream => new PlacedDevice(stream.Capture(transfer), "ward", "bed", default))]),
            i => bytes[i] = SnapshotCodec.Encode(captured[i]),
            i => decoded[i] = SnapshotCodec.Decode(bytes[i], out _),
            i => Restore(decoded[i]!, transfer),     // it was just encoded
        ];
        for (var step = 0; step < steps.Length; step++)
        {
            var start = Stopwatch.GetTimestamp();
            for (var i = 0; i < beds.Length; i++)
                steps[step](i);
            if (round >= 0)
                times[step][round] = Stopwatch.GetElapsedTime(start).TotalMicroseconds / beds.Length;
        }
        return Array.ConvertAll(bytes, b => b.Length);
    }

    private static void Restore(PatientSnapshot snapshot, StateTransfer transfer)
    {
        foreach (var device in snapshot.Devices)
            if (DeviceStream.Restore(WindowShape.Default, Create, snapshot.Patient, device.Stream, transfer, out var told) is null)
                throw new InvalidOperationException($"A snapshot that was just made is refused: {told}");
    }

    /// <summary>A bed's streams after some time, each at its own moment of a window.</summary>
    internal static DeviceStream[] Bed(int seed, bool hasAbp)
    {
        var bed = new SimulatedBed(new BedScenario
        {
            Patient = new PatientId($"P-{seed:00000}"),
            Seed = seed,
            Start = new Timestamp(1_800_000_000L * Timestamp.NanosecondsPerSecond),
            EcgLeadCount = 2,
            HasAbp = hasAbp,
            Faults = DeviceFaults.Usual,
        });
        var chunks = new List<SampleChunk>();
        for (var second = 0; second < Seconds + seed % 2; second++)
            bed.Next(chunks, isLast: false);
        var streams = new Dictionary<string, DeviceStream>();
        var output = new StageOutput();
        foreach (var chunk in chunks)
        {
            if (!streams.TryGetValue(chunk.Device, out var stream) || stream.Epoch < chunk.Epoch)
                streams[chunk.Device] = stream = new DeviceStream(WindowShape.Default, Create, chunk);
            stream.Accept(chunk);
            while (stream.TryNext(output, out _))
                output.Clear();
        }
        return [.. streams.Values];
    }

    private static IWindowStage[] Create(SampleChunk first) => Stages.Create(first.Channels, first.RateHz);
}
