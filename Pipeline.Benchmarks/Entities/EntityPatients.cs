using System.Diagnostics;
using Pipeline.Actors;
using Pipeline.Models.Estimators.Ecg;
using Pipeline.Models.Estimators.Pressure;
using Pipeline.Models.Signals;

namespace Pipeline.Benchmarks.Entities;

/// <summary>Patients in the product's own topology: what one that is idle takes, and what a record costs that carries nothing.</summary>
internal static class EntityPatients
{
    private static readonly ChannelLayout Nothing = new(new Channel("X", SignalKind.Unknown, "1"));

    /// <summary>Seconds for <paramref name="count"/> chunks without samples through shard, look-up, supervisor, patient and stream.</summary>
    public static async Task<double> RecordsAsync(int patients, long count, CancellationToken stop)
    {
        var chunks = Chunks(patients, Nothing, 125, sampleCount: 0);
        new Random(1).Shuffle(chunks);
        await using var local = new LocalActors();
        await using var shards = new Partitions(Options(patients), [], TimeProvider.System, new PartitionParts { Actors = local.Actors, Stages = _ => [] });
        shards.Assign(0, "entities");
        var records = new ShardRecord[64];
        var start = Stopwatch.GetTimestamp();
        for (long sent = 0; sent < count;)
        {
            var some = (int)Math.Min(records.Length, count - sent);
            for (var i = 0; i < some; i++)
                records[i] = new ShardRecord(sent + i, chunks[(sent + i) % chunks.Length]);
            var posted = shards.Post(0, records.AsSpan(0, some));
            sent += posted;
            if (posted == 0)
                await shards.WaitForSpaceAsync(0, stop);
        }
        await shards.RevokeAsync(0, stop);
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        var taken = shards.Total()[Count.ChunksTaken];
        return taken == count ? seconds : throw new InvalidOperationException($"{taken} of {count} chunks were taken.");
    }

    /// <summary>Bytes of managed memory of a patient with one device, which sends <paramref name="chunks"/>; rings and all.</summary>
    public static async Task<double> BytesAsync(int patients, IReadOnlyList<SampleChunk> chunks, CancellationToken stop)
    {
        await using var local = new LocalActors();
        await using var shards = new Partitions(Options(patients), [], TimeProvider.System, new PartitionParts { Actors = local.Actors });
        shards.Assign(0, "entities");
        var names = Enumerable.Range(0, patients).Select(i => new PatientId($"P-{i:00000}")).ToArray();
        var before = Settled();
        var offset = 0L;
        foreach (var chunk in chunks)
            foreach (var name in names)
            {
                var record = new ShardRecord(offset++, chunk with { Patient = name });
                while (!shards.TryPost(0, record))
                    await shards.WaitForSpaceAsync(0, stop);
            }
        while (shards.Total()[Count.ChunksTaken] < offset)
            await Task.Yield();
        return (Settled() - before) / (double)patients;
    }

    /// <summary>Bytes of such a patient that are samples: the window's ring, and what the detectors of an ECG and of a pressure keep of samples and waves.</summary>
    public static (int Window, int Detector) SampleBytes(SampleChunk chunk)
    {
        bool Has(SignalKind kind) => chunk.Channels.IndicesOf(kind).Length > 0;
        var detector = (Has(SignalKind.Ecg) ? EcgForm.Of(chunk.Channels, chunk.RateHz).SampleBytes : 0) + (Has(SignalKind.Abp) ? AbpStage.SampleBytes(chunk.RateHz) : 0);
        return (WindowShape.Default.LengthAt(chunk.RateHz) * chunk.Channels.Count * sizeof(short), detector);
    }

    private static long Settled()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return GC.GetTotalMemory(forceFullCollection: true);
    }

    private static TopologyOptions Options(int patients) => new() { MaxPatientsPerShard = patients };

    private static SampleChunk[] Chunks(int patients, ChannelLayout channels, double rateHz, int sampleCount) =>
        [.. Enumerable.Range(0, patients).Select(i => Chunk(new PatientId($"P-{i:00000}"), channels, rateHz, sampleCount, 0))];

    private static SampleChunk Chunk(PatientId patient, ChannelLayout channels, double rateHz, int sampleCount, long first)
    {
        var samples = new byte[channels.Count * sampleCount * sizeof(short)];
        for (var i = 0; i < samples.Length; i += sizeof(short))
            samples[i] = (byte)(i * i / 7);
        return new SampleChunk
        {
            Patient = patient,
            Bed = "bed",
            Ward = "ward",
            Device = "monitor",
            Epoch = 0,
            RateHz = rateHz,
            FirstSampleIndex = first,
            FirstSampleTime = new Timestamp(first * 8_000_000),
            Channels = channels,
            SampleCount = sampleCount,
            Format = SampleFormat.Int16,
            Samples = samples,
        };
    }
}
