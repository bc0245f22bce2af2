using System.Diagnostics;
using Pipeline.Host.State;
using Pipeline.Models.Signals;

namespace Pipeline.Benchmarks.Entities;

/// <summary>Patients that are not in memory: what one takes there, and how long it takes to find it.</summary>
internal static class PassivatedPatients
{
    private const int SnapshotBytes = 27_000;

    /// <summary>Memory of a patient whose snapshot lies in the store, and microseconds to find one.</summary>
    public static (double Bytes, double FindMicroseconds) Measure(int patients)
    {
        var folder = Directory.CreateTempSubdirectory("pipeline-bench-").FullName;
        try
        {
            using var store = SnapshotStore.OpenCache(Path.Combine(folder, "snapshots.db"));
            var value = new byte[SnapshotBytes];
            new Random(1).NextBytes(value);
            store.Apply(0, [("P-first", value)], [], null);     // what is made once is no patient's
            var before = Used();
            for (var i = 0; i < patients; i += 100)
                store.Apply(0, Enumerable.Range(i, 100).Select(p => (Name(p), value)), [], null);
            var finds = Math.Min(patients, 2_000);
            var start = Stopwatch.GetTimestamp();
            for (var i = 0; i < finds; i++)
                if (store.Find(0, new PatientId(Name(i * 7919 % patients))) is not { Length: SnapshotBytes })
                    throw new InvalidOperationException("A snapshot that was just written is not there.");
            var find = Stopwatch.GetElapsedTime(start).TotalMicroseconds / finds;
            return ((Used() - before) / (double)patients, find);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string Name(int patient) => $"P-{patient:00000}";

    /// <summary>Managed memory, and what SQLite has of its own.</summary>
    private static long Used() => GC.GetTotalMemory(forceFullCollection: true) + SQLitePCL.raw.sqlite3_memory_used();
}
